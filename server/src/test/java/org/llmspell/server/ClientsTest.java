package org.llmspell.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.ollama.OllamaChatModel;
import dev.langchain4j.model.ollama.OllamaEmbeddingModel;
import dev.langchain4j.model.ollama.OllamaModels;
import dev.langchain4j.model.ollama.OllamaStreamingChatModel;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullOptions;
import org.llmspell.local.config.OllamaConfig;
import org.llmspell.local.ollama.OllamaBackend;
import org.llmspell.testing.FakeOllama;
import tools.jackson.databind.JsonNode;

/** Clients that others wrote, and this project's own, against a server with a model in process and one passed through. */
class ClientsTest {
    @TempDir
    static Path temporary;

    private static FakeOllama ollama;
    private static TestServer server;

    @BeforeAll
    static void start() {
        ollama = new FakeOllama().with("llama3:8b", 1234);
        server = TestServer.in(temporary)
                .model("tiny", "Q8_0", TestServer.tiny(2048))
                .ollama(ollama.url())
                .start();
    }

    @AfterAll
    static void stop() {
        server.close();
        ollama.close();
    }

    // Models of an Ollama server, passed through.

    @Test
    void modelsOfBothBackendsAreListedAndServed() throws Exception {
        JsonNode tags = server.ask("/api/tags", "").get("models");
        assertThat(tags.valueStream().map(model -> model.get("name").asString()))
                .contains("tiny:Q8_0", "llama3:8b");

        JsonNode reply = server.ask(
                "/api/chat",
                "{\"model\":\"llama3:8b\",\"stream\":false,\"messages\":[{\"role\":\"user\",\"content\":\"Hallo\"}]}");
        assertThat(reply.at("/message/content").asString()).isEqualTo("You said: Hallo 🦙");
        assertThat(reply.get("eval_count").asInt()).isEqualTo(4);
        assertThat(server.ask(
                                "/v1/chat/completions",
                                "{\"model\":\"llama3:8b\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}")
                        .at("/choices/0/message/content")
                        .asString())
                .isEqualTo("You said: Hi 🦙");
        assertThat(server.ask("/api/show", "{\"model\":\"llama3:8b\"}")
                        .at("/model_info/llama.context_length")
                        .asInt())
                .isEqualTo(131_072);
    }

    @Test
    void embeddingsComeFromBothBackends() throws Exception {
        JsonNode passed = server.ask("/api/embed", "{\"model\":\"llama3:8b\",\"input\":[\"a\",\"b\"]}");
        assertThat(passed.get("embeddings").size()).isEqualTo(2);
        assertThat(passed.at("/embeddings/0/0").asDouble()).isEqualTo(0.6);

        JsonNode own = server.ask("/api/embed", "{\"model\":\"tiny\",\"input\":[\"hello\",\"world\",\"hello\"]}");
        assertThat(own.get("embeddings").size()).isEqualTo(3);
        assertThat(own.at("/embeddings/0")).isEqualTo(own.at("/embeddings/2"));
        assertThat(own.at("/embeddings/0")).isNotEqualTo(own.at("/embeddings/1"));
        double squares = own.at("/embeddings/0")
                .valueStream()
                .mapToDouble(value -> value.asDouble() * value.asDouble())
                .sum();
        assertThat(squares).isCloseTo(1, org.assertj.core.data.Offset.offset(1e-5));
        assertThat(own.get("prompt_eval_count").asInt()).isPositive();

        JsonNode floats = server.ask("/v1/embeddings", "{\"model\":\"tiny\",\"input\":\"hello\",\"dimensions\":8}");
        assertThat(floats.at("/data/0/embedding").size()).isEqualTo(8);
        JsonNode encoded =
                server.ask("/v1/embeddings", "{\"model\":\"tiny\",\"input\":\"hello\",\"encoding_format\":\"base64\"}");
        byte[] bytes = java.util.Base64.getDecoder()
                .decode(encoded.at("/data/0/embedding").asString());
        float first = java.nio.ByteBuffer.wrap(bytes)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .getFloat();
        // Few and many tokens at once are added up in another order.
        double rounding = 1e-6;
        assertThat((double) first)
                .isCloseTo(own.at("/embeddings/0/0").asDouble(), org.assertj.core.data.Offset.offset(rounding));
        JsonNode alone = server.ask("/api/embeddings", "{\"model\":\"tiny\",\"prompt\":\"hello\"}")
                .get("embedding");
        assertThat(alone).hasSameSizeAs(own.at("/embeddings/0"));
        for (int i = 0; i < alone.size(); i++) {
            assertThat(alone.get(i).asDouble())
                    .isCloseTo(
                            own.at("/embeddings/0").get(i).asDouble(), org.assertj.core.data.Offset.offset(rounding));
        }
    }

    @Test
    void aPullGoesThroughWithItsProgress() throws Exception {
        List<JsonNode> lines = server.lines("/api/pull", "{\"model\":\"new:7b\"}");

        assertThat(lines.getFirst().get("status").asString()).isEqualTo("pulling manifest");
        assertThat(lines).anySatisfy(line -> {
            assertThat(line.path("total").asLong(0)).isPositive();
            assertThat(line.path("completed").asLong(0)).isPositive();
        });
        assertThat(lines.getLast()).isEqualTo(TestServer.JSON.readTree("{\"status\":\"success\"}"));
        assertThat(ollama.models()).contains("new:7b");
        assertThat(server.ask("/api/pull", "{\"name\":\"other\",\"stream\":false}")
                        .get("status")
                        .asString())
                .isEqualTo("success");
        assertThat(server.delete("/api/delete", "{\"model\":\"new:7b\"}").statusCode())
                .isEqualTo(200);

        assertThat(server.lines("/api/pull", "{\"model\":\"no-such\"}")
                        .getLast()
                        .get("error")
                        .asString())
                .isEqualTo("pull model manifest: file does not exist");
        assertThat(server.post("/api/pull", "{\"model\":\"no-such\",\"stream\":false}")
                        .statusCode())
                .isEqualTo(500);
    }

    // Structured output, tools.

    @Test
    void aFormatHoldsOnEveryInterface() throws Exception {
        String schema =
                "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}},\"required\":[\"ok\"],\"additionalProperties\":false}";
        String messages = "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]";
        List<String> replies = List.of(
                server.ask(
                                "/api/chat",
                                "{\"model\":\"tiny\",\"stream\":false,\"format\":" + schema + "," + messages
                                        + ",\"options\":{\"num_predict\":200}}")
                        .at("/message/content")
                        .asString(),
                server.ask(
                                "/api/generate",
                                "{\"model\":\"tiny\",\"stream\":false,\"format\":" + schema
                                        + ",\"prompt\":\"x\",\"options\":{\"num_predict\":200}}")
                        .get("response")
                        .asString(),
                server.ask(
                                "/v1/chat/completions",
                                "{\"model\":\"tiny\",\"max_tokens\":200,\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":"
                                        + schema + "}}," + messages + "}")
                        .at("/choices/0/message/content")
                        .asString(),
                server.ask(
                                "/v1/responses",
                                "{\"model\":\"tiny\",\"max_output_tokens\":200,\"input\":\"x\",\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"a\",\"schema\":"
                                        + schema + "}}}")
                        .at("/output/0/content/0/text")
                        .asString());

        assertThat(replies)
                .allSatisfy(reply -> assertThat(
                                TestServer.JSON.readTree(reply).get("ok").isBoolean())
                        .isTrue());
    }

    @Test
    void toolsReachTheModelAndTheirCallsAndResultsGoThrough() throws Exception {
        String tool =
                "{\"type\":\"function\",\"function\":{\"name\":\"now\",\"description\":\"Tells the time\",\"parameters\":{\"type\":\"object\",\"properties\":{}}}}";
        server.ask(
                "/v1/chat/completions",
                "{\"model\":\"llama3:8b\",\"tools\":[" + tool
                        + "],\"messages\":[{\"role\":\"user\",\"content\":\"time?\"},"
                        + "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"now\",\"arguments\":\"{\\\"zone\\\":\\\"UTC\\\"}\"}}]},"
                        + "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"noon\"}]}");
        server.ask(
                "/v1/messages",
                "{\"model\":\"llama3:8b\",\"max_tokens\":9,\"tools\":[{\"name\":\"now\",\"description\":\"Tells the time\",\"input_schema\":{\"type\":\"object\",\"properties\":{}}}],\"messages\":[{\"role\":\"user\",\"content\":\"time?\"},"
                        + "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"now\",\"input\":{\"zone\":\"UTC\"}}]},"
                        + "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"c1\",\"content\":\"noon\"}]}]}");
        server.lines(
                "/api/chat",
                "{\"model\":\"llama3:8b\",\"think\":false,\"tools\":[" + tool
                        + "],\"messages\":[{\"role\":\"user\",\"content\":\"time?\"},"
                        + "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":\"c1\",\"function\":{\"name\":\"now\",\"arguments\":{\"zone\":\"UTC\"}}}]},"
                        + "{\"role\":\"tool\",\"tool_name\":\"now\",\"tool_call_id\":\"c1\",\"content\":\"noon\"}]}");

        List<JsonNode> bodies = ollama.bodies("/api/chat").stream()
                .filter(body -> body.has("tools"))
                .toList();
        assertThat(bodies).hasSize(3);
        assertThat(bodies).allSatisfy(body -> {
            assertThat(body.at("/tools/0/function/name").asString()).isEqualTo("now");
            assertThat(body.at("/messages/1/tool_calls/0/function/arguments/zone")
                            .asString())
                    .isEqualTo("UTC");
            assertThat(body.at("/messages/2/role").asString()).isEqualTo("tool");
            assertThat(body.at("/messages/2/content").asString()).isEqualTo("noon");
        });
        assertThat(bodies.getLast().get("think").asBoolean()).isFalse();
    }

    // This project's own backend.

    @Test
    void theOwnOllamaBackendUsesTheServer() {
        OllamaConfig config = new OllamaConfig(
                true,
                URI.create(server.server.url()),
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                Duration.ofSeconds(30));
        ModelSpec tiny = ModelSpec.parse("local/tiny:Q8_0@ollama");
        try (OllamaBackend own = new OllamaBackend(config)) {
            assertThat(own.status().available()).isTrue();
            assertThat(own.list()).anyMatch(entry -> entry.id().equals("tiny:Q8_0"));
            assertThat(own.info(tiny).architecture()).isEqualTo("llama");
            assertThat(own.has(ModelSpec.parse("nobody@ollama"))).isFalse();
            ChatOptions options = ChatOptions.parse(Map.of("max_tokens", 5, "temperature", 0, "logprobs", 2));
            try (ChatStream stream = own.chat(options.request(tiny, List.of(ChatMessage.user("Hello"))))) {
                int tokens = 0;
                for (ChatChunk chunk = stream.next(); chunk != null; chunk = stream.next()) {
                    tokens += chunk.logprobs().size();
                }
                ChatResult result = stream.result();
                assertThat(tokens).isEqualTo(5);
                assertThat(result.generatedTokens()).isEqualTo(5);
                assertThat(result.promptTokens()).isPositive();
            }
            assertThat(own.info(tiny).loaded()).isTrue();
            assertThat(own.embed(tiny, List.of("a", "b"))).hasSize(2);
            own.pull(ModelSpec.parse("tiny:Q8_0@ollama"), new PullOptions(false), progress -> {});
            assertThatThrownBy(() -> own.info(ModelSpec.parse("nobody@ollama")))
                    .isInstanceOf(LocalModelException.class)
                    .hasMessage("model 'nobody' not found");
            ChatStream missing = own.chat(options.request(
                    ModelSpec.parse("nobody@ollama"), List.of(ChatMessage.user("x")), List.<ToolDefinition>of()));
            assertThatThrownBy(missing::next).hasMessage("model 'nobody' not found");
        }
    }

    // LangChain4j.

    @Test
    void langChain4jChatsStreamsEmbedsAndLists() throws Exception {
        OllamaChatModel chat = OllamaChatModel.builder()
                .baseUrl(server.server.url())
                .modelName("tiny")
                .temperature(0.0)
                .numPredict(5)
                .build();
        String whole = chat.chat("Hello");
        CompletableFuture<ChatResponse> end = new CompletableFuture<>();
        StringBuilder streamed = new StringBuilder();
        OllamaStreamingChatModel.builder()
                .baseUrl(server.server.url())
                .modelName("tiny")
                .temperature(0.0)
                .numPredict(5)
                .build()
                .chat("Hello", new StreamingChatResponseHandler() {
                    @Override
                    public void onPartialResponse(String piece) {
                        streamed.append(piece);
                    }

                    @Override
                    public void onCompleteResponse(ChatResponse response) {
                        end.complete(response);
                    }

                    @Override
                    public void onError(Throwable error) {
                        end.completeExceptionally(error);
                    }
                });
        ChatResponse response = end.get(60, TimeUnit.SECONDS);
        assertThat(streamed.toString()).isEqualTo(whole);
        assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(5);

        OllamaEmbeddingModel embedding = OllamaEmbeddingModel.builder()
                .baseUrl(server.server.url())
                .modelName("tiny")
                .build();
        assertThat(embedding
                        .embedAll(List.of(TextSegment.from("a"), TextSegment.from("b")))
                        .content())
                .hasSize(2);
        OllamaModels models =
                OllamaModels.builder().baseUrl(server.server.url()).build();
        assertThat(models.availableModels().content())
                .anyMatch(model -> model.getName().equals("tiny:Q8_0"));
        assertThat(models.modelCard("tiny").content().getDetails().getFamily()).isEqualTo("llama");
        OllamaChatModel nobody = OllamaChatModel.builder()
                .baseUrl(server.server.url())
                .modelName("nobody")
                .maxRetries(0)
                .build();
        assertThatThrownBy(() -> nobody.chat("x"))
                .isInstanceOf(LangChain4jException.class)
                .hasMessageContaining("model 'nobody' not found");
    }

    // Clients of other languages.

    private static String script(String name) throws IOException {
        try (var in = ClientsTest.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("@URL@", server.server.url());
        }
    }

    @Test
    void clientsFromNpmUseTheServer() throws Exception {
        Programs.need("npm");
        Programs.need("node");
        Path folder =
                Programs.install(temporary.resolve("npm"), "ollama@0.6.3", "openai@6.9.0", "@anthropic-ai/sdk@0.70.0");
        for (String client : List.of("ollama", "openai", "anthropic")) {
            Path script = folder.resolve(client + ".mjs");
            Files.writeString(script, script("clients/" + client + ".mjs"));
            assertThat(Programs.run(folder, "node", script.getFileName().toString()))
                    .as(client)
                    .contains("all well");
        }
    }

    @Test
    void curlUsesTheServer() throws Exception {
        Programs.need("curl");
        String url = server.server.url();
        assertThat(Programs.run(temporary, "curl", "-sf", url + "/api/tags")).contains("tiny:Q8_0");
        String lines = Programs.run(
                temporary,
                "curl",
                "-sfN",
                url + "/api/generate",
                "-d",
                "{\"model\":\"tiny\",\"prompt\":\"Hello\",\"options\":{\"num_predict\":5}}");
        assertThat(lines.lines().toList().getLast()).contains("\"done\":true");
        // Over a megabyte, curl asks first whether it may send.
        Path file = temporary.resolve("zeros");
        Files.write(file, new byte[3 << 20]);
        String digest = org.llmspell.local.store.Sha256.of(file);
        assertThat(Programs.run(
                        temporary,
                        "curl",
                        "-s",
                        "-o",
                        "none",
                        "-w",
                        "%{http_code}",
                        "-H",
                        "Expect: 100-continue",
                        "-T",
                        file.toString(),
                        "-X",
                        "POST",
                        url + "/api/blobs/sha256:" + digest))
                .isEqualTo("201");
    }
}
