package org.llmspell.local.candle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.FinishReason;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.Conversation;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModels;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.config.Config;
import org.llmspell.local.config.ConfigKey;
import org.llmspell.local.json.JsonText;
import org.llmspell.local.store.ImportRequest;
import org.llmspell.local.store.ModelStore;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** Replies of the real engine, through the whole of this module, against the reference model's. */
class CandleChatTest {
    private static final ModelSpec MODEL = ModelSpec.parse("local/stories260k:F32@candle");

    @TempDir
    Path temporary;

    private LocalModels models;

    @BeforeEach
    void install() {
        Path file = TestData.path("models/stories260K/stories260K-f32.gguf");
        Path root = temporary.resolve("models");
        new ModelStore(root).importFile(ImportRequest.of(file));
        models = LocalModels.open(Config.load(
                null,
                Map.of(ConfigKey.MODEL_DIRECTORY, root.toString(), ConfigKey.CONTEXT_LENGTH, "256"),
                Map.of(),
                temporary));
    }

    @AfterEach
    void close() {
        if (models != null) {
            models.close();
        }
    }

    private static ChatOptions greedy(int tokens) {
        return ChatOptions.parse(
                Map.of("temperature", 0, "repeat_penalty", 1, "max_tokens", tokens, "raw", true, "logprobs", 0));
    }

    private ChatStream chat(ChatOptions options, String prompt) {
        return models.chat(options.request(MODEL, List.of(ChatMessage.user(prompt))));
    }

    private ChatResult reply(Map<String, ?> options) {
        try (ChatStream stream = chat(greedy(120).with(options, List.of()), "Once upon a time")) {
            while (stream.next() != null) {
                // to the end
            }
            return stream.result();
        }
    }

    @Test
    void aSchemaOrAGrammarShapesTheReply() {
        String schema = "{\"type\": \"object\", \"properties\": {\"name\": {\"type\": \"string\", \"maxLength\": 20},"
                + " \"age\": {\"type\": \"integer\", \"minimum\": 3, \"maximum\": 99}}, \"required\": [\"name\", \"age\"]}";
        ChatResult person = reply(Map.of("format", schema));
        assertThat(person.finishReason()).isEqualTo(FinishReason.STOP);
        Map<String, ?> fields = JsonText.parseObject(person.text());
        assertThat(fields.keySet()).containsExactly("name", "age");
        assertThat((Long) fields.get("age")).isBetween(3L, 99L);

        assertThat(reply(Map.of("grammar", "root ::= \" \"? (\"yes\" | \"no\") \"!\""))
                        .text())
                .matches(" ?(yes|no)!");
    }

    @Test
    void aReplyThatEndsInTheMiddleOfItsJsonSaysSo() {
        ChatResult cut = reply(Map.of("format", "json", "max_tokens", 5));
        assertThat(cut.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(cut.text()).startsWith("{");
    }

    @Test
    void aSchemaThatIsNotSupportedIsRefusedBeforeTheModelRuns() {
        LocalModelException refused = catchThrowableOfType(
                LocalModelException.class, () -> reply(Map.of("format", "{\"items\": {\"not\": {}}}")));
        assertThat(refused.kind()).isEqualTo(LocalModelException.Kind.INVALID_REQUEST);
        assertThat(refused).hasMessageContaining("#/items/not uses a keyword that is not supported");
        LocalModelException wrong =
                catchThrowableOfType(LocalModelException.class, () -> reply(Map.of("grammar", "root ::= (")));
        assertThat(wrong).hasMessageContaining("line 1, column 11");
    }

    @Test
    void repliesAsTheReferenceDoes() {
        JsonNode goldens = TestData.json("models/stories260K/goldens.json");
        JsonNode run = goldens.get("variants").get("f32").get("runs").get(1);
        String prompt = goldens.get("prompts")
                .get(run.get("prompt").asInt())
                .get("text")
                .asString();
        int tokens = 40;

        try (ChatStream stream = chat(greedy(tokens), prompt)) {
            StringBuilder text = new StringBuilder();
            List<Integer> ids = new java.util.ArrayList<>();
            for (ChatChunk chunk = stream.next(); chunk != null; chunk = stream.next()) {
                text.append(chunk.text());
                chunk.logprobs().forEach(token -> ids.add(token.id()));
            }
            ChatResult result = stream.result();

            assertThat(ids).hasSize(tokens);
            for (int i = 0; i < tokens; i++) {
                assertThat(ids.get(i)).isEqualTo(run.get("greedy_ids").get(i).asInt());
            }
            assertThat(result.text()).isEqualTo(text.toString());
            assertThat(result.finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(result.generatedTokens()).isEqualTo(tokens);
            assertThat(result.promptTokens()).isEqualTo(5);
            assertThat(result.totalTime()).isGreaterThanOrEqualTo(result.timeToFirstToken());
        }
    }

    @Test
    void tellsThatAModelIsLoadedOnceItWasUsed() {
        assertThat(models.info(MODEL).loaded()).isFalse();
        try (ChatStream stream = chat(greedy(1), "Once")) {
            assertThat(stream.next()).isNotNull();
        }
        assertThat(models.info(MODEL).loaded()).isTrue();
        try (ChatStream stream = chat(greedy(1), "Once")) {
            while (stream.next() != null) {
                assertThat(stream).isNotNull();
            }
            assertThat(stream.result().loadTime()).isEqualTo(Duration.ZERO);
        }
    }

    @Test
    void findsTheModelWithoutItsBackendAndByItsPath() {
        Path file = TestData.path("models/stories260K/stories260K-f32.gguf");
        for (String spec : List.of("local/STORIES260K", file.toString())) {
            ChatOptions options = greedy(3);
            try (ChatStream stream = models.chat(
                    options.request(ModelSpec.parse(spec), List.of(ChatMessage.user("Once upon a time"))))) {
                assertThat(Objects.requireNonNull(stream.next()).text()).isNotEmpty();
            }
        }
    }

    @Test
    void remembersAConversation() {
        Conversation conversation = new Conversation(models, MODEL, null, greedy(5));

        String first = conversation.complete("Once upon a time").text();
        ChatResult second = conversation.complete(" Then");

        assertThat(conversation.history())
                .containsExactly(
                        ChatMessage.user("Once upon a time"),
                        ChatMessage.assistant(first),
                        ChatMessage.user(" Then"),
                        ChatMessage.assistant(second.text()));
        assertThat(second.promptTokens()).isGreaterThan(10);
    }

    @Test
    void endsAtOnceWhenItIsClosedByAnotherThread() throws Exception {
        ChatStream stream = chat(greedy(200), "Once upon a time");
        assertThat(stream.next()).isNotNull();
        Thread closer = Thread.ofVirtual().start(stream::close);
        int chunks = 0;
        while (stream.next() != null) {
            chunks++;
        }
        closer.join();

        assertThat(chunks).isLessThanOrEqualTo(200);
        assertThat(stream.result().finishReason()).isIn(FinishReason.CANCELLED, FinishReason.LENGTH);
    }

    @Test
    void cancelsWhenTheReadingThreadIsInterrupted() {
        try (ChatStream stream = chat(greedy(200), "Once upon a time")) {
            Thread.currentThread().interrupt();
            LocalModelException cancelled = catchThrowableOfType(LocalModelException.class, () -> {
                while (stream.next() != null) {
                    Thread.currentThread().interrupt();
                }
            });
            assertThat(Thread.interrupted()).isTrue();
            assertThat(cancelled.kind()).isEqualTo(LocalModelException.Kind.CANCELLED);
        }
        try (ChatStream stream = chat(greedy(1), "Once")) {
            assertThat(stream.next()).isNotNull();
        }
    }

    @Test
    void saysThatAPromptIsTooLongForTheContext() {
        LocalModelException refused = catchThrowableOfType(LocalModelException.class, () -> {
            try (ChatStream stream = chat(greedy(1), "Once upon a time ".repeat(200))) {
                stream.next();
            }
        });

        assertThat(refused.kind()).isEqualTo(LocalModelException.Kind.CONTEXT_EXCEEDED);
        assertThat(refused).hasMessageContaining("256").hasMessageNotContaining("\n");
    }
}
