package org.llmspell.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.NonRetriableException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.LocalModels;
import org.llmspell.local.config.ConfigKey;
import org.llmspell.local.json.JsonText;
import org.llmspell.testing.FakeOllama;

/** Whole replies, of the engine and of an Ollama server. */
class ChatModelTest {
    @TempDir
    static Path temporary;

    private static LocalModels models;

    @BeforeAll
    static void open() {
        models = TinyModels.open(temporary);
    }

    @AfterAll
    static void close() {
        models.close();
    }

    private static LlmSpellChatModel.Builder tiny() {
        return LlmSpellChatModel.builder().models(models).modelName(TinyModels.NAME);
    }

    @Test
    void aSeedMakesTheSameReplyAgain() {
        LlmSpellChatModel model = tiny().seed(7L).temperature(1.5).maxTokens(20).build();

        ChatResponse first = model.chat(UserMessage.from("Hi"));
        ChatResponse again = model.chat(UserMessage.from("Hi"));
        ChatResponse other =
                tiny().seed(8L).temperature(1.5).maxTokens(20).build().chat(UserMessage.from("Hi"));

        assertThat(again.aiMessage()).isEqualTo(first.aiMessage());
        assertThat(other.aiMessage()).isNotEqualTo(first.aiMessage());
        assertThat(again.id()).isNotEqualTo(first.id());
        assertThat(first.modelName()).isEqualTo(TinyModels.NAME);
        assertThat(first.tokenUsage().outputTokenCount()).isBetween(1, 20);
    }

    @Test
    void aReplyHasTheSchemaThatWasAskedFor() {
        JsonObjectSchema person = JsonObjectSchema.builder()
                .addEnumProperty("mood", List.of("glad", "sad"))
                .addBooleanProperty("alive")
                .required("mood", "alive")
                .build();
        LlmSpellChatModel model = tiny().responseFormat(ResponseFormat.builder()
                        .type(ResponseFormatType.JSON)
                        .jsonSchema(JsonSchema.builder()
                                .name("person")
                                .rootElement(person)
                                .build())
                        .build())
                .build();

        Map<String, ?> reply = JsonText.parseObject(model.chat("Who are you?"));

        assertThat(reply.get("mood")).isIn("glad", "sad");
        assertThat(reply.get("alive")).isInstanceOf(Boolean.class);
        assertThat(reply).hasSize(2);
    }

    @Test
    void aFileIsAModelAndItsOwnBackendsAreClosedWithIt() {
        Path file = TinyModels.file(temporary.resolve("elsewhere"));
        LlmSpellChatModel model = LlmSpellChatModel.builder()
                .config(TinyModels.config(temporary))
                .modelName(file.toString())
                .maxTokens(3)
                .build();

        assertThat(model.chat(UserMessage.from("Hi")).finishReason()).isEqualTo(FinishReason.LENGTH);
        model.close();

        assertThatThrownBy(() -> model.chat("Hi")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void sharedBackendsStayOpen() {
        ScriptedModels shared = ScriptedModels.saying("Hello");
        LlmSpellChatModel model = LlmSpellChatModel.builder()
                .models(shared)
                .modelName(TinyModels.NAME)
                .build();

        model.close();

        assertThat(shared.closed()).isFalse();
        assertThat(model.chat("Hi")).isEqualTo("Hello");
    }

    @Test
    void whatIsWrongWithAModelIsSaid() throws Exception {
        assertThatThrownBy(
                        () -> tiny().modelName("local/none:Q8_0@candle").build().chat("Hi"))
                .isExactlyInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("llmspell model pull");
        Path broken = Files.writeString(temporary.resolve("broken.gguf"), "no model");
        assertThatThrownBy(() -> tiny().modelName(broken.toString()).build().chat("Hi"))
                .isExactlyInstanceOf(NonRetriableException.class)
                .hasMessageContaining("broken.gguf");
        assertThatThrownBy(() -> tiny().contextLength(8).build().chat("A prompt of more tokens than that"))
                .isExactlyInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("the context holds 8");
    }

    @Test
    void aReplyWithNoWordsHasAnEmptyText() {
        LlmSpellChatModel model = LlmSpellChatModel.builder()
                .models(ScriptedModels.saying())
                .modelName(TinyModels.NAME)
                .build();

        assertThat(model.chat("Hi")).isEmpty();
        assertThat(model.supportedCapabilities()).containsExactly(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
        assertThat(tiny().supportedCapabilities(Set.of()).build().supportedCapabilities())
                .isEmpty();
    }

    @Test
    void aReplyThatTakesTooLongIsATimeout() {
        LlmSpellChatModel model = LlmSpellChatModel.builder()
                .models(ScriptedModels.saying("Hel").thenSilent())
                .modelName(TinyModels.NAME)
                .timeout(Duration.ofMillis(100))
                .build();

        assertThatThrownBy(() -> model.chat("Hi")).isExactlyInstanceOf(TimeoutException.class);
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void aTimeoutWhileTheModelIsLoadedLeavesTheCallersThreadUninterrupted() {
        LlmSpellChatModel model = LlmSpellChatModel.builder()
                .models(ScriptedModels.saying().thatNeverOpen())
                .modelName(TinyModels.NAME)
                .timeout(Duration.ofMillis(100))
                .build();

        assertThatThrownBy(() -> model.chat("Hi")).isExactlyInstanceOf(TimeoutException.class);
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void anInterruptedThreadGivesUpItsReplyAndStaysInterrupted() throws Exception {
        ScriptedModels silent = ScriptedModels.saying().thenSilent();
        LlmSpellChatModel model = LlmSpellChatModel.builder()
                .models(silent)
                .modelName(TinyModels.NAME)
                .build();
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();

        Thread thread = Thread.ofVirtual().start(() -> {
            assertThatThrownBy(() -> model.chat("Hi")).isExactlyInstanceOf(LangChain4jException.class);
            interrupted.complete(Thread.currentThread().isInterrupted());
        });
        assertThat(silent.opening.await(10, TimeUnit.SECONDS)).isTrue();
        thread.interrupt();

        assertThat(interrupted.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void cancellingAFutureEndsItsReply() throws Exception {
        ScriptedModels silent = ScriptedModels.saying().thenSilent();
        CompletableFuture<ChatResponse> future = LlmSpellChatModel.builder()
                .models(silent)
                .modelName(TinyModels.NAME)
                .build()
                .chatAsync(UserMessage.from("Hi"));
        assertThat(silent.opening.await(10, TimeUnit.SECONDS)).isTrue();

        future.cancel(true);

        assertThat(silent.streamClosed.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aFutureFailsAsAReplyDoes() {
        assertThat(tiny().modelName("local/none:Q8_0@candle").build().chatAsync("Hi"))
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withCauseExactlyInstanceOf(ModelNotFoundException.class);
    }

    @Test
    void anOllamaServerIsAskedInTheSameWords() throws Exception {
        try (FakeOllama ollama = new FakeOllama().with("llama3:8b", 1234);
                LlmSpellChatModel model = LlmSpellChatModel.builder()
                        .config(TinyModels.config(
                                temporary,
                                Map.of(ConfigKey.OLLAMA_ENABLED, "true", ConfigKey.OLLAMA_URL, ollama.url())))
                        .modelName("local/llama3:8b@ollama")
                        .topK(5)
                        .minP(0.5)
                        .stop("END")
                        .build()) {
            ChatResponse reply = model.chat(ChatRequest.builder()
                    .messages(UserMessage.from("Hallo"))
                    .toolSpecifications(ToolSpecification.builder().name("now").build())
                    .build());

            assertThat(reply.aiMessage().text() + reply.aiMessage().toolExecutionRequests())
                    .isNotBlank();
            assertThat(ollama.bodies("/api/chat").getLast().at("/options/top_k").asInt())
                    .isEqualTo(5);
            assertThat(ollama.bodies("/api/chat").getLast().at("/options/min_p").asDouble())
                    .isEqualTo(0.5);
            assertThat(ollama.bodies("/api/chat")
                            .getLast()
                            .at("/options/stop/0")
                            .asString())
                    .isEqualTo("END");
            assertThat(ollama.bodies("/api/chat")
                            .getLast()
                            .at("/tools/0/function/name")
                            .asString())
                    .isEqualTo("now");
            assertThat(model.chat("Hallo")).isEqualTo("You said: Hallo 🦙");

            ollama.play(FakeOllama.Mood.FAILS_MIDWAY);
            assertThatThrownBy(() -> model.chat("Hallo")).isExactlyInstanceOf(InternalServerException.class);
            assertThatThrownBy(() -> model.chat(ChatRequest.builder()
                            .messages(UserMessage.from("Hallo"))
                            .modelName("local/none@ollama")
                            .build()))
                    .isExactlyInstanceOf(ModelNotFoundException.class);
        }
    }
}
