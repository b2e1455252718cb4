package org.llmspell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.config.OpenAiConfig;
import org.llmspell.local.openai.OpenAiBackend;
import org.llmspell.testing.FakeOpenAi;
import tools.jackson.databind.JsonNode;

/** This project's backend for servers of the OpenAI interface: against its own server, and served on by it. */
class OpenAiProviderTest {
    private static final String QWEN = "Qwen/Qwen3-8B";

    @TempDir
    static Path temporary;

    private static FakeOpenAi cluster;
    private static TestServer server;

    @BeforeAll
    static void start() {
        cluster = new FakeOpenAi("cluster", QWEN);
        server = TestServer.in(temporary)
                .model("tiny", "Q8_0", TestServer.tiny(2048))
                .file("[providers.cluster]\ntype = \"openai\"\n[providers.cluster.options]\nurls = \"" + cluster.url()
                        + "\"\nmodels = { \"llama3.1:8b\" = \"" + QWEN + "\" }\n")
                .start();
    }

    @AfterAll
    static void stop() {
        server.close();
        cluster.close();
    }

    @Test
    void theOpenAiBackendUsesTheServer() {
        OpenAiConfig config = new OpenAiConfig(
                "own",
                true,
                List.of(URI.create(server.server.url() + "/v1")),
                null,
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                Duration.ofSeconds(30),
                Duration.ofSeconds(5),
                true,
                Map.of());
        ModelSpec tiny = ModelSpec.parse("local/tiny:Q8_0@own");
        try (OpenAiBackend own = new OpenAiBackend(config)) {
            assertThat(own.status().available()).isTrue();
            assertThat(own.list()).extracting(ModelEntry::id).contains("tiny:Q8_0");
            ChatOptions options = ChatOptions.parse(Map.of("max_tokens", 5, "temperature", 0, "logprobs", 2));
            String first = reply(own, options.request(tiny, List.of(ChatMessage.user("Hello"))), 5);
            assertThat(reply(own, options.request(tiny, List.of(ChatMessage.user("Hello"))), 5))
                    .isEqualTo(first);
            ChatOptions json = ChatOptions.parse(Map.of(
                    "max_tokens",
                    200,
                    "format",
                    Map.of(
                            "type",
                            "object",
                            "properties",
                            Map.of("ok", Map.of("type", "boolean")),
                            "required",
                            List.of("ok"),
                            "additionalProperties",
                            false)));
            String text = reply(own, json.request(tiny, List.of(ChatMessage.user("Hello"))), -1);
            assertThat(TestServer.JSON.readTree(text).get("ok").isBoolean()).isTrue();
            assertThat(own.embed(tiny, List.of("a", "b"), EmbeddingOptions.DEFAULTS)
                            .vectors())
                    .hasSize(2);
        }
    }

    private static String reply(OpenAiBackend own, org.llmspell.local.ChatRequest request, int tokens) {
        try (ChatStream stream = own.chat(request)) {
            int seen = 0;
            for (ChatChunk chunk = stream.next(); chunk != null; chunk = stream.next()) {
                seen += chunk.logprobs().size();
            }
            ChatResult result = stream.result();
            if (tokens >= 0) {
                assertThat(seen).isEqualTo(tokens);
                assertThat(result.generatedTokens()).isEqualTo(tokens);
            }
            assertThat(result.promptTokens()).isPositive();
            return result.text();
        }
    }

    @Test
    void modelsOfAProviderAreServedOn() throws Exception {
        JsonNode tags = server.ask("/api/tags", "").get("models");
        assertThat(tags.valueStream().map(model -> model.get("name").asString()))
                .contains("tiny:Q8_0", QWEN + ":latest");
        assertThat(chat("Qwen3-8B")).isEqualTo("cluster heard: Hi 🦙");
        assertThat(chat(QWEN + ":latest")).isEqualTo("cluster heard: Hi 🦙");
        assertThat(chat("llama3.1:8b")).isEqualTo("cluster heard: Hi 🦙");
        JsonNode shown = server.ask("/api/show", "{\"model\":\"" + QWEN + "\"}");
        assertThat(shown.at("/details/context_length").asInt()).isEqualTo(8192);
        assertThat(shown.get("capabilities").toString()).contains("completion");
        assertThat(server.ask("/api/embed", "{\"model\":\"Qwen3-8B\",\"input\":[\"a\",\"b\"]}")
                        .get("embeddings"))
                .hasSize(2);
        assertThat(server.ask("/api/generate", "{\"model\":\"Qwen3-8B\",\"stream\":false}")
                        .get("done_reason")
                        .asString())
                .isEqualTo("load");
    }

    private static String chat(String model) throws Exception {
        return server.ask(
                        "/api/chat",
                        "{\"model\":\"" + model
                                + "\",\"stream\":false,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}")
                .at("/message/content")
                .asString();
    }
}
