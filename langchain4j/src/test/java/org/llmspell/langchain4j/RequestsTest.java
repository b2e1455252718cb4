package org.llmspell.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.AudioContent;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.CustomMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.llmspell.engine.SamplingOptions;
import org.llmspell.engine.Thinking;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.OutputFormat;

/** What a model is asked for what LangChain4j says. */
class RequestsTest {
    private static final ToolSpecification TOOL = ToolSpecification.builder()
            .name("weather")
            .description("The weather in a city")
            .parameters(JsonObjectSchema.builder()
                    .addStringProperty("city")
                    .required("city")
                    .build())
            .build();

    private final ScriptedModels models = ScriptedModels.saying("Hello");

    private LlmSpellChatModel.Builder builder() {
        return LlmSpellChatModel.builder().models(models).modelName("local/tiny:Q8_0@candle");
    }

    private org.llmspell.local.ChatRequest asked(LlmSpellChatModel model, ChatMessage... messages) {
        model.chat(messages);
        return models.requests.getLast();
    }

    @Test
    void everySettingOfTheBuilderReachesTheModel() {
        LlmSpellChatModel model = builder()
                .temperature(0.25)
                .topP(0.5)
                .topK(7)
                .minP(0.125)
                .repeatPenalty(1.5)
                .presencePenalty(0.75)
                .frequencyPenalty(-0.5)
                .maxTokens(11)
                .stop("END", "STOP")
                .seed(42L)
                .thinking(Thinking.LOW)
                .contextLength(99)
                .keepAlive(Duration.ofSeconds(90))
                .responseFormat(ResponseFormat.JSON)
                .build();

        org.llmspell.local.ChatRequest request = asked(model, UserMessage.from("Hi"));

        assertThat(request)
                .isEqualTo(new org.llmspell.local.ChatRequest(
                        ModelSpec.parse("local/tiny:Q8_0@candle"),
                        List.of(org.llmspell.engine.ChatMessage.user("Hi")),
                        List.of(),
                        Thinking.LOW,
                        new SamplingOptions(
                                0.25,
                                7,
                                0.5,
                                0.125,
                                1,
                                1.5,
                                64,
                                0.75,
                                -0.5,
                                OptionalLong.of(42),
                                List.of("END", "STOP"),
                                11,
                                -1,
                                Map.of()),
                        false,
                        99,
                        Duration.ofSeconds(90),
                        new OutputFormat.Json()));
    }

    @Test
    void whatIsLeftOutIsAsThisProjectHasIt() {
        org.llmspell.local.ChatRequest request = asked(builder().build(), UserMessage.from("Hi"));

        assertThat(request.sampling()).isEqualTo(SamplingOptions.DEFAULTS);
        assertThat(request.thinking()).isEqualTo(Thinking.DEFAULT);
        assertThat(request.format()).isNull();
        assertThat(request.keepAlive()).isNull();
    }

    @Test
    void aRequestGoesBeforeTheModelAndTheModelBeforeItsDefaultParameters() {
        LlmSpellChatModel model = builder()
                .temperature(0.5)
                .defaultRequestParameters(LlmSpellChatRequestParameters.builder()
                        .temperature(0.1)
                        .topK(1)
                        .minP(0.1)
                        .seed(1L)
                        .build())
                .build();

        model.chat(ChatRequest.builder()
                .messages(UserMessage.from("Hi"))
                .parameters(LlmSpellChatRequestParameters.builder()
                        .topK(3)
                        .seed(3L)
                        .grammar("root ::= \"yes\"")
                        .keepAlive(Duration.ofMillis(-1))
                        .build())
                .build());

        org.llmspell.local.ChatRequest request = models.requests.getLast();
        assertThat(request.sampling().temperature()).isEqualTo(0.5);
        assertThat(request.sampling().topK()).isEqualTo(3);
        assertThat(request.sampling().minP()).isEqualTo(0.1);
        assertThat(request.sampling().seed()).hasValue(3);
        assertThat(request.format()).isEqualTo(new OutputFormat.Gbnf("root ::= \"yes\""));
        assertThat(request.keepAlive()).isNegative();
    }

    @Test
    void parametersOfAnotherKindKeepThoseOfThisProject() {
        LlmSpellChatModel model = builder().seed(5L).build();

        model.chat(ChatRequest.builder()
                .messages(UserMessage.from("Hi"))
                .parameters(ChatRequestParameters.builder().topK(2).build())
                .build());

        assertThat(models.requests.getLast().sampling().seed()).hasValue(5);
        assertThat(models.requests.getLast().sampling().topK()).isEqualTo(2);
    }

    @Test
    void parametersAreEqualIfAllOfThemAre() {
        LlmSpellChatRequestParameters one =
                LlmSpellChatRequestParameters.builder().topK(1).minP(0.5).build();

        assertThat(LlmSpellChatRequestParameters.builder().minP(0.5).topK(1).build())
                .isEqualTo(one)
                .hasSameHashCodeAs(one);
        assertThat(LlmSpellChatRequestParameters.builder().topK(1).build()).isNotEqualTo(one);
        assertThat(one.defaultedBy(LlmSpellChatRequestParameters.builder()
                                .minP(0.25)
                                .seed(9L)
                                .build())
                        .options())
                .isEqualTo(Map.of("min_p", 0.5, "seed", 9L));
        assertThat(one).hasToString(one.toString()).asString().contains("min_p");
    }

    @Test
    void aConversationArrivesWithThoughtsCallsAndResults() {
        AiMessage calling = AiMessage.builder()
                .text("Let me see.")
                .thinking("A tool knows.")
                .toolExecutionRequests(List.of(ToolExecutionRequest.builder()
                        .id("c1")
                        .name("weather")
                        .arguments("{\"city\": \"Oslo\", \"days\": 2}")
                        .build()))
                .build();

        org.llmspell.local.ChatRequest request = asked(
                builder().tools(List.of(TOOL)).build(),
                SystemMessage.from("Be brief."),
                UserMessage.from(TextContent.from("One."), TextContent.from("Two.")),
                calling,
                ToolExecutionResultMessage.from("c1", "weather", "snow"));

        assertThat(request.messages())
                .containsExactly(
                        org.llmspell.engine.ChatMessage.system("Be brief."),
                        org.llmspell.engine.ChatMessage.user("One.\nTwo."),
                        org.llmspell.engine.ChatMessage.assistant(
                                "Let me see.",
                                "A tool knows.",
                                List.of(new ToolCall("c1", "weather", Map.of("city", "Oslo", "days", 2L)))),
                        new org.llmspell.engine.ChatMessage("tool", "snow", "", List.of(), "weather", "c1"));
        assertThat(request.tools())
                .containsExactly(new ToolDefinition(
                        "weather",
                        "The weather in a city",
                        Map.of(
                                "type",
                                "object",
                                "properties",
                                Map.of("city", Map.of("type", "string")),
                                "required",
                                List.of("city"))));
    }

    @Test
    void aToolWithoutArgumentsHasAnEmptySchema() {
        ToolSpecification bare = ToolSpecification.builder().name("now").build();

        org.llmspell.local.ChatRequest request =
                asked(builder().tools(List.of(bare)).build(), UserMessage.from("Hi"));

        assertThat(request.tools()).containsExactly(new ToolDefinition("now", "", ToolDefinition.NO_PARAMETERS));
    }

    @Test
    void withTheChoiceOfNoToolTheModelIsToldOfNone() {
        LlmSpellChatModel model = builder()
                .tools(List.of(TOOL))
                .defaultRequestParameters(ChatRequestParameters.builder()
                        .toolChoice(ToolChoice.NONE)
                        .build())
                .build();

        assertThat(asked(model, UserMessage.from("Hi")).tools()).isEmpty();
    }

    @Test
    void toolsTogetherWithAResponseFormatAreRefused() {
        LlmSpellChatModel model = builder()
                .tools(List.of(TOOL))
                .responseFormat(ResponseFormat.JSON)
                .build();

        assertThatThrownBy(() -> model.chat("Hi"))
                .isExactlyInstanceOf(UnsupportedFeatureException.class)
                .hasMessageContaining("second request");
        assertThat(models.requests).isEmpty();
    }

    @Test
    void contentOtherThanTextIsRefusedByItsName() {
        assertThatThrownBy(
                        () -> builder().build().chat(UserMessage.from(AudioContent.from("http://localhost/sound.mp3"))))
                .isExactlyInstanceOf(UnsupportedFeatureException.class)
                .hasMessageContaining("audio");
        assertThatThrownBy(() -> builder().build().chat(CustomMessage.from(Map.of("a", 1))))
                .isExactlyInstanceOf(UnsupportedFeatureException.class)
                .hasMessageContaining("custom");
    }

    @Test
    void argumentsOfAnEarlierCallThatAreNoJsonAreRefused() {
        AiMessage broken = AiMessage.from(ToolExecutionRequest.builder()
                .name("weather")
                .arguments("{city: Oslo")
                .build());

        assertThatThrownBy(() -> builder().build().chat(UserMessage.from("Hi"), broken))
                .isExactlyInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("weather");
    }

    @Test
    void aWrongSettingIsRefusedWhenTheModelIsBuilt() {
        assertThatThrownBy(() -> builder().temperature(9.0).build())
                .isExactlyInstanceOf(InvalidRequestException.class)
                .hasMessage("Option temperature must be a number from 0 to 2, got 9.0");
        assertThatThrownBy(() -> builder().modelName("local/two words").build())
                .isExactlyInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("Invalid model");
        assertThatThrownBy(() -> builder().timeout(Duration.ZERO).build())
                .isExactlyInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("timeout");
        assertThatThrownBy(() -> builder()
                        .defaultRequestParameters(LlmSpellChatRequestParameters.builder()
                                .option("temprature", 1)
                                .build())
                        .build())
                .isExactlyInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("did you mean \"temperature\"?");
    }

    @Test
    void aModelWithoutANameSaysSoWhenItIsAsked() {
        LlmSpellChatModel model = LlmSpellChatModel.builder().models(models).build();

        assertThatThrownBy(() -> model.chat("Hi"))
                .isExactlyInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("modelName such as local/");
    }
}
