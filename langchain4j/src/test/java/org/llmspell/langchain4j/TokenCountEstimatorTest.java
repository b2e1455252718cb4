package org.llmspell.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.local.LocalModels;
import org.llmspell.local.config.ConfigKey;
import org.llmspell.testing.FakeOllama;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

class TokenCountEstimatorTest {
    @TempDir
    static Path temporary;

    private static LlmSpellTokenCountEstimator of(LocalModels models, String name) {
        return LlmSpellTokenCountEstimator.builder()
                .models(models)
                .modelName(name)
                .build();
    }

    @Test
    void aConversationHasAsManyTokensAsItsReplyReports() {
        List<ChatMessage> conversation = List.of(
                SystemMessage.from("Be brief."),
                UserMessage.from("Hi"),
                AiMessage.from("Hello"),
                UserMessage.from("Bye"));
        try (LocalModels models = TinyModels.open(temporary)) {
            int reported = LlmSpellChatModel.builder()
                    .models(models)
                    .modelName(TinyModels.NAME)
                    .maxTokens(1)
                    .build()
                    .chat(conversation)
                    .tokenUsage()
                    .inputTokenCount();

            LlmSpellTokenCountEstimator estimator = of(models, TinyModels.NAME);
            assertThat(estimator.estimateTokenCountInMessages(conversation)).isEqualTo(reported);
            assertThat(estimator.estimateTokenCountInMessages(List.of())).isZero();
            assertThat(estimator.estimateTokenCountInMessage(UserMessage.from("Hi")))
                    .isEqualTo(estimator.estimateTokenCountInMessages(List.of(UserMessage.from("Hi"))));
        }
    }

    @Test
    void aTextHasTheTokensThatTheModelsVocabularyGivesIt() {
        String file = TestData.path("models/stories260K/stories260K-q8_0.gguf").toString();
        JsonNode prompt = TestData.json("models/stories260K/goldens.json").at("/prompts/1");
        try (LlmSpellTokenCountEstimator estimator = LlmSpellTokenCountEstimator.builder()
                .config(TinyModels.config(temporary))
                .modelName(file)
                .build()) {
            assertThat(estimator.estimateTokenCountInText(prompt.get("text").asString()))
                    .isEqualTo(prompt.get("ids").size() - 1); // the first is BOS
        }
    }

    @Test
    void aMessageThatTheTemplateRefusesHasTheTokensOfItsTexts() throws IOException {
        Path file = temporary.resolve("strict.gguf");
        SyntheticModel.llama(ModelShape.builder().context(512).build(), WeightMix.uniform(BlockFormat.Q8_0))
                .withVocabulary(SyntheticVocabulary.sentencePiece(384))
                .withChatTemplate(
                        "{% if messages[0].role != 'user' %}{{ raise_exception('begin with the user') }}{% endif %}{{ messages[0].content }}")
                .write(file);
        AiMessage calling = AiMessage.from(
                "Yes.",
                List.of(ToolExecutionRequest.builder()
                        .name("now")
                        .arguments("{}")
                        .build()));
        try (LlmSpellTokenCountEstimator estimator = LlmSpellTokenCountEstimator.builder()
                .config(TinyModels.config(temporary))
                .modelName(file.toString())
                .build()) {
            assertThat(estimator.estimateTokenCountInMessage(calling))
                    .isEqualTo(estimator.estimateTokenCountInText("Yes.")
                            + estimator.estimateTokenCountInText("now")
                            + estimator.estimateTokenCountInText("{}"));
        }
    }

    @Test
    void anOllamaServerDoesNotTellAndAMissingModelIsMissing() {
        try (FakeOllama ollama = new FakeOllama().with("llama3:8b", 1234);
                LocalModels models = LocalModels.open(TinyModels.config(
                        temporary, Map.of(ConfigKey.OLLAMA_ENABLED, "true", ConfigKey.OLLAMA_URL, ollama.url())))) {
            assertThatThrownBy(() -> of(models, "local/llama3:8b@ollama").estimateTokenCountInText("a"))
                    .isExactlyInstanceOf(UnsupportedFeatureException.class)
                    .hasMessageContaining("ollama");
            assertThatThrownBy(() -> of(models, "local/none@candle").estimateTokenCountInText("a"))
                    .isExactlyInstanceOf(ModelNotFoundException.class);
        }
    }
}
