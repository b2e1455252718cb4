package org.llmspell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** The OpenAI and Anthropic interfaces over real HTTP, field by field. */
class OpenAiInterfaceTest {
    @TempDir
    static Path temporary;

    private static TestServer server;

    @BeforeAll
    static void start() {
        server = TestServer.in(temporary)
                .model("tiny", "Q8_0", TestServer.tiny(2048))
                .start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String chat(String more) {
        return "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}],\"temperature\":0,\"max_completion_tokens\":5"
                + more + "}";
    }

    @Test
    void completesAChat() throws Exception {
        JsonNode reply = server.ask("/v1/chat/completions", chat(""));

        assertThat(reply.get("id").asString()).startsWith("chatcmpl-");
        assertThat(reply.get("object").asString()).isEqualTo("chat.completion");
        assertThat(reply.get("created").asLong()).isPositive();
        assertThat(reply.get("model").asString()).isEqualTo("tiny");
        assertThat(reply.at("/choices/0/index").asInt()).isZero();
        assertThat(reply.at("/choices/0/message/role").asString()).isEqualTo("assistant");
        assertThat(reply.at("/choices/0/message/content").isString()).isTrue();
        assertThat(reply.at("/choices/0/finish_reason").asString()).isEqualTo("length");
        assertThat(reply.at("/choices/0/logprobs").isNull()).isTrue();
        assertThat(reply.at("/usage/completion_tokens").asInt()).isEqualTo(5);
        assertThat(reply.at("/usage/total_tokens").asInt())
                .isEqualTo(5 + reply.at("/usage/prompt_tokens").asInt());
    }

    @Test
    void streamsAChatAsEvents() throws Exception {
        String whole = server.ask("/v1/chat/completions", chat(""))
                .at("/choices/0/message/content")
                .asString();
        List<TestServer.Event> events = server.events(
                "/v1/chat/completions", chat(",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));

        assertThat(events.getLast().data()).isEqualTo("[DONE]");
        List<JsonNode> chunks = events.subList(0, events.size() - 1).stream()
                .map(TestServer.Event::json)
                .toList();
        assertThat(chunks).allSatisfy(chunk -> {
            assertThat(chunk.get("object").asString()).isEqualTo("chat.completion.chunk");
            assertThat(chunk.get("id")).isEqualTo(chunks.getFirst().get("id"));
        });
        assertThat(chunks.getFirst().at("/choices/0/delta/role").asString()).isEqualTo("assistant");
        assertThat(chunks.stream()
                        .filter(chunk -> chunk.at("/choices/0/delta/role").isString()))
                .hasSize(1);
        JsonNode finish = chunks.get(chunks.size() - 2);
        assertThat(finish.at("/choices/0/delta").isEmpty()).isTrue();
        assertThat(finish.at("/choices/0/finish_reason").asString()).isEqualTo("length");
        JsonNode usage = chunks.getLast();
        assertThat(usage.get("choices").isEmpty()).isTrue();
        assertThat(usage.at("/usage/completion_tokens").asInt()).isEqualTo(5);
        assertThat(chunks.stream()
                        .map(chunk -> chunk.at("/choices/0/delta/content").asString(""))
                        .collect(Collectors.joining()))
                .isEqualTo(whole);
    }

    @Test
    void sendsNoUsageUnlessAsked() throws Exception {
        assertThat(server.events("/v1/chat/completions", chat(",\"stream\":true")))
                .noneMatch(event -> event.data().contains("usage"));
    }

    @Test
    void reportsLogprobs() throws Exception {
        JsonNode content = server.ask("/v1/chat/completions", chat(",\"logprobs\":true,\"top_logprobs\":2"))
                .at("/choices/0/logprobs/content");

        assertThat(content.size()).isEqualTo(5);
        assertThat(content.at("/0/top_logprobs").size()).isEqualTo(2);
        assertThat(content.at("/0/bytes").isArray()).isTrue();
    }

    @Test
    void takesContentsInPartsAndNewRoles() throws Exception {
        JsonNode parts = server.ask(
                "/v1/chat/completions",
                chat("").replace(
                                "\"Hello\"",
                                "[{\"type\":\"text\",\"text\":\"Hel\"},{\"type\":\"text\",\"text\":\"lo\"}]"));
        JsonNode plain = server.ask("/v1/chat/completions", chat(""));
        assertThat(parts.at("/choices/0/message/content")).isEqualTo(plain.at("/choices/0/message/content"));

        assertThat(server.post("/v1/chat/completions", chat("").replace("\"user\"", "\"developer\""))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void completesAText() throws Exception {
        JsonNode reply = server.ask(
                "/v1/completions",
                "{\"model\":\"tiny\",\"prompt\":\"abc\",\"max_tokens\":4,\"temperature\":0,\"logprobs\":1,\"echo\":true}");

        assertThat(reply.get("object").asString()).isEqualTo("text_completion");
        assertThat(reply.at("/choices/0/text").asString()).startsWith("abc").hasSizeGreaterThan(3);
        assertThat(reply.at("/choices/0/logprobs/tokens").size()).isEqualTo(4);
        assertThat(reply.at("/choices/0/logprobs/text_offset/0").asInt()).isEqualTo(3);
        assertThat(reply.at("/usage/completion_tokens").asInt()).isEqualTo(4);

        List<TestServer.Event> events = server.events(
                "/v1/completions",
                "{\"model\":\"tiny\",\"prompt\":\"abc\",\"max_tokens\":4,\"temperature\":0,\"stream\":true}");
        assertThat(events.getLast().data()).isEqualTo("[DONE]");
        assertThat("abc"
                        + events.subList(0, events.size() - 1).stream()
                                .map(event -> event.json().at("/choices/0/text").asString(""))
                                .collect(Collectors.joining()))
                .isEqualTo(reply.at("/choices/0/text").asString());
    }

    @Test
    void listsModels() throws Exception {
        JsonNode models = server.ask("/v1/models", "");
        assertThat(models.get("object").asString()).isEqualTo("list");
        assertThat(models.at("/data/0/id").asString()).isEqualTo("tiny:Q8_0");
        assertThat(models.at("/data/0/object").asString()).isEqualTo("model");

        assertThat(server.ask("/v1/models/tiny:Q8_0", "").get("id").asString()).isEqualTo("tiny:Q8_0");
        assertThat(server.ask("/v1/models/tiny%3AQ8_0", "").get("id").asString())
                .isEqualTo("tiny:Q8_0");
        assertThat(server.get("/v1/models/nobody").statusCode()).isEqualTo(404);
    }

    @Test
    void respondsWholeAndInEvents() throws Exception {
        String request =
                "{\"model\":\"tiny\",\"input\":\"Hello\",\"instructions\":\"be brief\",\"temperature\":0,\"max_output_tokens\":5";
        JsonNode whole = server.ask("/v1/responses", request + "}");

        assertThat(whole.get("object").asString()).isEqualTo("response");
        assertThat(whole.get("status").asString()).isEqualTo("incomplete");
        assertThat(whole.at("/incomplete_details/reason").asString()).isEqualTo("max_output_tokens");
        String text = whole.at("/output/0/content/0/text").asString();
        assertThat(whole.at("/output/0/content/0/type").asString()).isEqualTo("output_text");
        assertThat(whole.at("/usage/output_tokens").asInt()).isEqualTo(5);

        List<TestServer.Event> events = server.events("/v1/responses", request + ",\"stream\":true}");
        assertThat(events)
                .allSatisfy(
                        event -> assertThat(event.json().get("type").asString()).isEqualTo(event.name()));
        assertThat(events.stream()
                        .map(event -> event.json().get("sequence_number").asInt()))
                .isSorted()
                .doesNotHaveDuplicates();
        List<String> names = events.stream().map(TestServer.Event::name).toList();
        assertThat(names)
                .startsWith(
                        "response.created",
                        "response.in_progress",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.delta")
                .endsWith(
                        "response.output_text.done",
                        "response.content_part.done",
                        "response.output_item.done",
                        "response.incomplete");
        assertThat(events.stream()
                        .filter(event -> "response.output_text.delta".equals(event.name()))
                        .map(event -> event.json().get("delta").asString())
                        .collect(Collectors.joining()))
                .isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/v1/chat/completions | {} | 400 | invalid_request_error | model is required",
                "/v1/chat/completions | {\"model\":\"nobody\",\"messages\":[]} | 404 | invalid_request_error | model 'nobody' not found",
                "/v1/chat/completions | {\"model\":\"tiny\",\"messages\":[]} | 400 | invalid_request_error | messages is required",
                "/v1/chat/completions | {\"model\":\"tiny\",\"n\":2,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]} | 400 | invalid_request_error | n must be 1",
                "/v1/chat/completions | {\"model\":\"tiny\",\"temperature\":\"hot\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]} | 400 | invalid_request_error | temperature",
                "/v1/chat/completions | {\"model\":\"tiny\",\"messages\":[{\"role\":\"king\",\"content\":\"x\"}]} | 400 | invalid_request_error | messages[0].role",
                "/v1/chat/completions | {\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]} | 400 | invalid_request_error | only text",
                "/v1/completions | {\"model\":\"tiny\"} | 400 | invalid_request_error | prompt is required",
                "/v1/embeddings | {\"model\":\"tiny\"} | 400 | invalid_request_error | input is required",
                "/v1/responses | {\"model\":\"tiny\",\"previous_response_id\":\"r\",\"input\":\"x\"} | 400 | invalid_request_error | not stored",
            })
    void wordsErrorsAsOpenAiDoes(String path, String body, int status, String type, String message) throws Exception {
        HttpResponse<String> response = server.post(path, body);
        JsonNode error = TestServer.JSON.readTree(response.body()).get("error");

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(error.get("type").asString()).isEqualTo(type);
        assertThat(error.get("message").asString()).contains(message);
        assertThat(error.has("code")).isTrue();
        assertThat(error.has("param")).isTrue();
    }

    @Test
    void callsAPromptThatDoesNotFitByItsCode() throws Exception {
        HttpResponse<String> response =
                server.post("/v1/chat/completions", chat(",\"stream\":true").replace("Hello", "a b ".repeat(3000)));

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(TestServer.JSON.readTree(response.body()).at("/error/code").asString())
                .isEqualTo("context_length_exceeded");
    }

    private static String message(String more) {
        return "{\"model\":\"tiny\",\"system\":\"be brief\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}]}],\"temperature\":0,\"max_tokens\":5"
                + more + "}";
    }

    @Test
    void repliesToAnthropicsClients() throws Exception {
        JsonNode reply = server.ask("/v1/messages", message(""));

        assertThat(reply.get("type").asString()).isEqualTo("message");
        assertThat(reply.get("role").asString()).isEqualTo("assistant");
        assertThat(reply.at("/content/0/type").asString()).isEqualTo("text");
        assertThat(reply.get("stop_reason").asString()).isEqualTo("max_tokens");
        assertThat(reply.at("/usage/output_tokens").asInt()).isEqualTo(5);

        List<TestServer.Event> events = server.events("/v1/messages", message(",\"stream\":true"));
        List<String> names = events.stream().map(TestServer.Event::name).toList();
        assertThat(names)
                .startsWith("message_start", "content_block_start")
                .endsWith("content_block_stop", "message_delta", "message_stop");
        assertThat(events.stream()
                        .filter(event -> "content_block_delta".equals(event.name()))
                        .map(event -> event.json().at("/delta/text").asString())
                        .collect(Collectors.joining()))
                .isEqualTo(reply.at("/content/0/text").asString());
        assertThat(events.get(events.size() - 2).json().at("/delta/stop_reason").asString())
                .isEqualTo("max_tokens");
    }

    @Test
    void countsAConversationsTokensForAnthropicsClients() throws Exception {
        int counted = server.ask("/v1/messages/count_tokens", message(""))
                .get("input_tokens")
                .asInt();
        JsonNode usage = server.ask("/v1/messages", message("")).get("usage");

        assertThat(counted)
                .isEqualTo(usage.get("input_tokens").asInt()
                        + usage.get("cache_read_input_tokens").asInt());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]} | 400 | invalid_request_error",
                "{\"model\":\"tiny\",\"max_tokens\":5,\"messages\":[]} | 400 | invalid_request_error",
                "{\"model\":\"nobody\",\"max_tokens\":5} | 404 | not_found_error",
                "{\"model\":\"tiny\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\"}]}]} | 400 | invalid_request_error",
            })
    void wordsErrorsAsAnthropicDoes(String body, int status, String type) throws Exception {
        HttpResponse<String> response = server.post("/v1/messages", body);
        JsonNode error = TestServer.JSON.readTree(response.body());

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(error.get("type").asString()).isEqualTo("error");
        assertThat(error.at("/error/type").asString()).isEqualTo(type);
        assertThat(error.at("/error/message").asString()).isNotEmpty();
    }
}
