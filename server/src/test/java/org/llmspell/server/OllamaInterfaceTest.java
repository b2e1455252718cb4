package org.llmspell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llmspell.local.store.Sha256;
import tools.jackson.databind.JsonNode;

/** The Ollama interface over real HTTP, field by field. */
class OllamaInterfaceTest {
    @TempDir
    static Path temporary;

    private static TestServer server;

    @BeforeAll
    static void start() {
        server = TestServer.in(temporary)
                .model("tiny", "Q8_0", TestServer.tiny(2048))
                .model("plain", "latest", TestServer.tiny(512))
                .start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String chat(String more) {
        return "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}],\"options\":{\"num_predict\":5,\"temperature\":0}"
                + more + "}";
    }

    @Test
    void isThere() throws Exception {
        assertThat(server.get("/").body()).isEqualTo("Ollama is running");
        assertThat(server.send(server.request("/").method("HEAD", HttpRequest.BodyPublishers.noBody()))
                        .statusCode())
                .isEqualTo(200);
        assertThat(server.ask("/api/version", "").get("version").asString()).matches("\\d+\\.\\d+\\.\\d+");
    }

    @Test
    void streamsAChatInLines() throws Exception {
        HttpResponse<String> response = server.post("/api/chat", chat(""));
        assertThat(response.headers().firstValue("Content-Type")).contains("application/x-ndjson");
        List<JsonNode> lines =
                response.body().lines().map(TestServer.JSON::readTree).toList();

        assertThat(lines).hasSizeGreaterThan(2);
        for (JsonNode line : lines) {
            assertThat(line.get("model").asString()).isEqualTo("tiny");
            assertThat(OffsetDateTime.parse(line.get("created_at").asString())).isNotNull();
            assertThat(line.at("/message/role").asString()).isEqualTo("assistant");
            assertThat(line.at("/message/content").isString()).isTrue();
        }
        assertThat(lines.subList(0, lines.size() - 1))
                .allSatisfy(line -> assertThat(line.get("done").asBoolean()).isFalse());
        JsonNode last = lines.getLast();
        assertThat(last.get("done").asBoolean()).isTrue();
        assertThat(last.get("done_reason").asString()).isEqualTo("length");
        assertThat(last.get("eval_count").asInt()).isEqualTo(5);
        assertThat(last.get("prompt_eval_count").asInt()).isGreaterThan(5);
        for (String duration : List.of("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")) {
            assertThat(last.get(duration).isIntegralNumber()).as(duration).isTrue();
        }
        assertThat(last.get("total_duration").asLong()).isPositive();
    }

    @Test
    void repliesInOneObjectWithTheSameText() throws Exception {
        StringBuilder streamed = new StringBuilder();
        server.lines("/api/chat", chat(""))
                .forEach(line -> streamed.append(line.at("/message/content").asString()));
        JsonNode whole = server.ask("/api/chat", chat(",\"stream\":false"));

        assertThat(whole.at("/message/content").asString()).isEqualTo(streamed.toString());
        assertThat(whole.get("done").asBoolean()).isTrue();
    }

    @Test
    void generatesFromAPromptRawAndWithASystemPrompt() throws Exception {
        String options = "\"stream\":false,\"options\":{\"num_predict\":4,\"temperature\":0}";
        JsonNode raw =
                server.ask("/api/generate", "{\"model\":\"tiny\",\"prompt\":\"abc\",\"raw\":true," + options + "}");
        JsonNode turn = server.ask("/api/generate", "{\"model\":\"tiny\",\"prompt\":\"abc\"," + options + "}");
        JsonNode system = server.ask(
                "/api/generate", "{\"model\":\"tiny\",\"prompt\":\"abc\",\"system\":\"be brief\"," + options + "}");

        assertThat(raw.get("response").isString()).isTrue();
        assertThat(raw.get("prompt_eval_count").asInt())
                .isLessThan(turn.get("prompt_eval_count").asInt());
        assertThat(turn.get("prompt_eval_count").asInt())
                .isLessThan(system.get("prompt_eval_count").asInt());
    }

    @Test
    void loadsAndUnloadsForAnEmptyPrompt() throws Exception {
        JsonNode loaded = server.lines("/api/generate", "{\"model\":\"plain\",\"keep_alive\":\"10m\"}")
                .getLast();
        assertThat(loaded.get("done_reason").asString()).isEqualTo("load");
        assertThat(running()).contains("plain:latest");

        JsonNode unloaded = server.lines("/api/chat", "{\"model\":\"plain\",\"messages\":[],\"keep_alive\":0}")
                .getLast();
        assertThat(unloaded.get("done_reason").asString()).isEqualTo("unload");
        assertThat(running()).doesNotContain("plain:latest");

        JsonNode again = server.ask("/api/chat", "{\"model\":\"plain\",\"messages\":[],\"stream\":false}");
        assertThat(again.get("done_reason").asString()).isEqualTo("load");
        assertThat(running()).contains("plain:latest");
    }

    private static List<String> running() throws Exception {
        return server.ask("/api/ps", "")
                .get("models")
                .valueStream()
                .map(model -> model.get("name").asString())
                .toList();
    }

    @Test
    void saysWhatRunsAndUntilWhen() throws Exception {
        server.ask("/api/chat", chat(",\"stream\":false,\"keep_alive\":600"));
        JsonNode model = server.ask("/api/ps", "")
                .get("models")
                .valueStream()
                .filter(m -> m.get("name").asString().equals("tiny:Q8_0"))
                .findFirst()
                .orElseThrow();

        assertThat(OffsetDateTime.parse(model.get("expires_at").asString()))
                .isAfter(OffsetDateTime.now(ZoneOffset.UTC));
        assertThat(model.get("size").asLong()).isPositive();
        assertThat(model.get("size_vram").asLong()).isZero();
        assertThat(model.get("context_length").asInt()).isEqualTo(2048);
        assertThat(model.get("digest").asString()).matches("[0-9a-f]{64}");
    }

    @Test
    void reportsLogprobs() throws Exception {
        JsonNode reply = server.ask("/api/chat", chat(",\"stream\":false,\"logprobs\":true,\"top_logprobs\":3"));
        JsonNode tokens = reply.get("logprobs");

        assertThat(tokens.size()).isEqualTo(5);
        for (JsonNode token : tokens) {
            assertThat(token.get("logprob").asDouble()).isNotPositive();
            assertThat(token.get("top_logprobs").size()).isEqualTo(3);
            // Greedy: the token chosen is the likeliest.
            assertThat(token.at("/top_logprobs/0/token").asString())
                    .isEqualTo(token.get("token").asString());
            assertThat(token.get("bytes").isArray()).isTrue();
        }
    }

    @Test
    void listsModelsAsClientsExpectThem() throws Exception {
        JsonNode tags = server.ask("/api/tags", "").get("models");
        List<String> names =
                tags.valueStream().map(model -> model.get("name").asString()).toList();

        assertThat(names).contains("tiny:Q8_0", "plain:latest");
        JsonNode tiny = tags.get(names.indexOf("tiny:Q8_0"));
        assertThat(tiny.get("model").asString()).isEqualTo("tiny:Q8_0");
        assertThat(tiny.get("size").asLong()).isPositive();
        assertThat(tiny.get("digest").asString()).matches("[0-9a-f]{64}");
        assertThat(OffsetDateTime.parse(tiny.get("modified_at").asString())).isNotNull();
        assertThat(tiny.at("/details/format").asString()).isEqualTo("gguf");
        assertThat(tiny.at("/details/family").asString()).isEqualTo("llama");
        assertThat(tiny.at("/details/families/0").asString()).isEqualTo("llama");
        assertThat(tiny.at("/details/quantization_level").asString()).isEqualTo("Q8_0");
        assertThat(tiny.at("/details/context_length").asInt()).isEqualTo(2048);
        assertThat(tiny.at("/details/embedding_length").asInt()).isEqualTo(64);
        assertThat(tiny.get("capabilities").valueStream().map(JsonNode::asString))
                .contains("completion");
    }

    @ParameterizedTest
    @CsvSource({
        "tiny",
        "tiny:Q8_0",
        "TINY:q8_0",
        "tiny:latest",
        "local/tiny:Q8_0@candle",
        "tiny@candle",
        "plain",
        "plain:latest"
    })
    void knowsAModelByTheNamesThatUsersWrite(String name) throws Exception {
        JsonNode shown = server.ask("/api/show", "{\"model\":\"" + name + "\"}");

        assertThat(shown.at("/model_info/general.architecture").asString()).isEqualTo("llama");
        assertThat(shown.at("/model_info/llama.embedding_length").asInt()).isEqualTo(64);
        assertThat(shown.at("/model_info/tokenizer.ggml.tokens").isNull()).isTrue();
        assertThat(shown.get("template").asString()).contains("add_generation_prompt");
        assertThat(shown.at("/details/format").asString()).isEqualTo("gguf");
    }

    @Test
    void showsTheVocabularyWhenAskedForAll() throws Exception {
        JsonNode shown = server.ask("/api/show", "{\"name\":\"tiny\",\"verbose\":true}");

        assertThat(shown.at("/model_info/tokenizer.ggml.tokens").size()).isEqualTo(384);
    }

    @Test
    void copiesAndDeletesModels() throws Exception {
        assertThat(server.post("/api/copy", "{\"source\":\"tiny\",\"destination\":\"second:v1\"}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(server.ask("/api/chat", chat(",\"stream\":false").replace("\"tiny\"", "\"second:v1\""))
                        .get("done")
                        .asBoolean())
                .isTrue();

        assertThat(server.delete("/api/delete", "{\"name\":\"second:v1\"}").statusCode())
                .isEqualTo(200);
        HttpResponse<String> again = server.delete("/api/delete", "{\"model\":\"second:v1\"}");
        assertThat(again.statusCode()).isEqualTo(404);
        assertThat(again.body()).isEqualTo("{\"error\":\"model 'second:v1' not found\"}");
        assertThat(server.post("/api/copy", "{\"source\":\"nobody\",\"destination\":\"x\"}")
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void makesAModelOfAFileThatIsSent() throws Exception {
        Path file = temporary.resolve("tiny-Q8_0.gguf");
        String digest = "sha256:" + Sha256.of(file);
        HttpRequest.Builder head =
                server.request("/api/blobs/" + digest).method("HEAD", HttpRequest.BodyPublishers.noBody());
        assertThat(server.send(head).statusCode()).isEqualTo(404);
        HttpRequest.Builder wrong =
                server.request("/api/blobs/sha256:" + "0".repeat(64)).POST(HttpRequest.BodyPublishers.ofFile(file));
        assertThat(server.send(wrong).statusCode()).isEqualTo(400);

        HttpRequest.Builder right =
                server.request("/api/blobs/" + digest).POST(HttpRequest.BodyPublishers.ofFile(file));
        assertThat(server.send(right).statusCode()).isEqualTo(201);
        assertThat(server.send(head).statusCode()).isEqualTo(200);
        List<JsonNode> lines =
                server.lines("/api/create", "{\"model\":\"sent\",\"files\":{\"model.gguf\":\"" + digest + "\"}}");

        assertThat(lines.getLast()).isEqualTo(TestServer.JSON.readTree("{\"status\":\"success\"}"));
        assertThat(server.ask("/api/show", "{\"model\":\"sent\"}")
                        .at("/details/family")
                        .asString())
                .isEqualTo("llama");
        assertThat(server.ask("/api/chat", chat(",\"stream\":false").replace("\"tiny\"", "\"sent\""))
                        .get("done")
                        .asBoolean())
                .isTrue();
        server.delete("/api/delete", "{\"model\":\"sent\"}");
    }

    @Test
    void refusesAFileThatIsNoModel() throws Exception {
        Path file = Files.writeString(temporary.resolve("no-model"), "GGUF but not really");
        String digest = "sha256:" + Sha256.of(file);
        server.send(server.request("/api/blobs/" + digest).POST(HttpRequest.BodyPublishers.ofFile(file)));

        HttpResponse<String> response =
                server.post("/api/create", "{\"model\":\"bad\",\"stream\":false,\"files\":{\"x\":\"" + digest + "\"}}");

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).doesNotContain(temporary.toString());
        assertThat(server.get("/api/tags").body()).doesNotContain("bad:");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/api/chat | '' | 400 | missing request body",
                "/api/chat | {} | 400 | model is required",
                "/api/generate | {\"model\":\"\"} | 400 | model is required",
                "/api/chat | {\"model\":\"no such\"} | 400 | invalid model name",
                "/api/show | {\"model\":\"../../etc/passwd\"} | 400 | invalid model name",
                "/api/chat | {\"model\":\"nobody\",\"messages\":[]} | 404 | model 'nobody' not found",
                "/api/embed | {\"model\":\"nobody:7b\",\"input\":\"x\"} | 404 | model 'nobody:7b' not found",
                "/api/generate | {\"model\":\"tiny\",\"options\":{\"num_ctx\":\"big\"}} | 400 | option \"num_ctx\" must be of type integer",
                "/api/generate | {\"model\":\"tiny\",\"options\":{\"temperature\":true}} | 400 | option \"temperature\" must be of type float32",
                "/api/generate | {\"model\":\"tiny\",\"options\":{\"stop\":5}} | 400 | option \"stop\" must be of type array",
                "/api/push | {\"model\":\"tiny\"} | 501 | push is not supported",
            })
    void wordsErrorsAsOllamaDoes(String path, String body, int status, String error) throws Exception {
        HttpResponse<String> response = server.post(path, body);

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(TestServer.JSON.readTree(response.body()).get("error").asString())
                .isEqualTo(error);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"suffix\":\"x\" | does not support insert",
                "\"template\":\"{{ .Prompt }}\" | template is not supported",
                "\"context\":[1,2] | context is not supported",
                "\"images\":[\"aGk=\"] | does not support images",
                "\"keep_alive\":\"soon\" | invalid keep_alive",
                "\"options\":{\"top_k\":-3} | top_k",
                "\"options\":{\"num_predict\":-7} | max_tokens",
            })
    void saysWhatItCannotDoRatherThanPassingItOver(String field, String error) throws Exception {
        HttpResponse<String> response =
                server.post("/api/generate", "{\"model\":\"tiny\",\"prompt\":\"x\"," + field + "}");

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(TestServer.JSON.readTree(response.body()).get("error").asString())
                .contains(error);
    }

    @Test
    void passesOverOptionsThatItDoesNotKnow() throws Exception {
        assertThat(server.ask(
                                "/api/chat",
                                chat(",\"stream\":false,\"unknown\":1")
                                        .replace(
                                                "\"temperature\":0",
                                                "\"temperature\":0,\"num_gpu\":9,\"colour\":\"red\""))
                        .get("done")
                        .asBoolean())
                .isTrue();
    }

    @Test
    void stopsAtAStopText() throws Exception {
        String text = server.ask(
                        "/api/chat", chat(",\"stream\":false").replace("\"num_predict\":5", "\"num_predict\":40"))
                .at("/message/content")
                .asString();
        String stop = text.substring(text.length() / 2, text.length() / 2 + 1);
        JsonNode reply = server.ask(
                "/api/chat",
                chat(",\"stream\":false")
                        .replace(
                                "\"num_predict\":5",
                                "\"num_predict\":40,\"stop\":[" + TestServer.JSON.writeValueAsString(stop) + "]"));

        assertThat(reply.at("/message/content").asString()).isEqualTo(text.substring(0, text.indexOf(stop)));
        assertThat(reply.get("done_reason").asString()).isEqualTo("stop");
    }

    @Test
    void saysThatAPromptIsTooLong() throws Exception {
        HttpResponse<String> response =
                server.post("/api/generate", "{\"model\":\"tiny\",\"prompt\":\"" + "a b ".repeat(3000) + "\"}");

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("tokens and the context holds");
    }

    @Test
    void tokenizesAndBack() throws Exception {
        JsonNode tokens =
                server.ask("/api/tokenize", "{\"model\":\"tiny\",\"content\":\"hello world\",\"add_special\":false}");
        JsonNode text = server.ask(
                "/api/detokenize",
                "{\"model\":\"tiny\",\"tokens\":" + tokens.get("tokens").toString() + "}");

        assertThat(text.get("content").asString().strip()).isEqualTo("hello world");
        assertThat(server.post("/api/detokenize", "{\"model\":\"tiny\",\"tokens\":[-1]}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(server.post("/api/detokenize", "{\"model\":\"tiny\",\"tokens\":[100000]}")
                        .statusCode())
                .isEqualTo(400);
    }
}
