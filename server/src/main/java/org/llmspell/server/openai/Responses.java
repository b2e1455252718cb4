package org.llmspell.server.openai;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatResult;
import org.llmspell.local.json.JsonText;
import org.llmspell.server.api.Body;
import org.llmspell.server.api.Catalog;
import org.llmspell.server.api.Generations;
import org.llmspell.server.http.Exchange;
import org.llmspell.server.http.HttpFailure;
import org.llmspell.server.http.ReplyStream;

/** {@code /v1/responses}. Nothing is stored, so that a conversation is sent whole each time. */
final class Responses {
    private final Catalog catalog;
    private final Generations generations;

    Responses(Catalog catalog, Generations generations) {
        this.catalog = catalog;
        this.generations = generations;
    }

    void handle(Exchange exchange) throws IOException, InterruptedException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.find(body.string("model"));
        if (body.has("previous_response_id") || body.has("conversation")) {
            throw HttpFailure.wrong(
                    body.has("conversation") ? "conversation" : "previous_response_id",
                    "replies are not stored here: send the whole conversation in input");
        }
        if (body.flag("background", false)) {
            throw HttpFailure.wrong("background", "background is not supported");
        }
        ChatOptions options = OpenAiOptions.read(body, List.of("max_output_tokens"), -1);
        Body reasoning = body.object("reasoning");
        Body text = body.object("text");
        Map<String, @Nullable Object> more = new LinkedHashMap<>();
        more.put("think", OpenAiOptions.effort(reasoning == null ? null : reasoning.string("effort")));
        more.put("format", OpenAiOptions.format(text == null ? null : text.object("format")));
        ChatRequest request =
                options.with(more, Set.of()).request(target.spec(), messages(body), OpenAiOptions.tools(body));
        Form form = new Form(exchange, body, target.name());
        if (body.flag("stream", false)) {
            form.stream(target, request);
        } else {
            form.whole(target, request);
        }
    }

    private static List<ChatMessage> messages(Body body) {
        List<ChatMessage> messages = new ArrayList<>();
        String instructions = body.string("instructions", "");
        if (!instructions.isEmpty()) {
            messages.add(ChatMessage.system(instructions));
        }
        if (body.value("input") instanceof String text) {
            messages.add(ChatMessage.user(text));
        } else {
            messages.addAll(OpenAiMessages.read(body, "input"));
        }
        return messages;
    }

    /** One reply on its way. */
    private final class Form {
        private final Exchange exchange;
        private final Body body;
        private final String model;
        private final String id = OpenAiReplies.id("resp_");
        private final String messageId = OpenAiReplies.id("msg_");
        private final long created = OpenAiReplies.now();
        private final String callPrefix = OpenAiReplies.id("fc_");
        private int sequence;
        /** Whether a message comes before the calls. */
        private int messageItems;

        Form(Exchange exchange, Body body, String model) {
            this.exchange = exchange;
            this.body = body;
            this.model = model;
        }

        void whole(Catalog.Target target, ChatRequest request) throws InterruptedException {
            StringBuilder text = new StringBuilder();
            ChatResult result = generations.run(target, request, chunk -> text.append(chunk.text()));
            exchange.json(200, response(text.toString(), result));
        }

        void stream(Catalog.Target target, ChatRequest request) throws InterruptedException {
            ChatResult result = generations.run(target, request, chunk -> {
                if (!chunk.text().isEmpty()) {
                    begin();
                    send("response.output_text.delta", inPart("delta", chunk.text(), "logprobs", List.of()));
                }
            });
            String text = result.text();
            if (!text.isEmpty() || result.toolCalls().isEmpty()) {
                begin();
                endMessage(text);
            } else {
                beginResponse();
            }
            int index = messageItems;
            for (Map<String, @Nullable Object> call : calls(result)) {
                Map<String, @Nullable Object> begun = new LinkedHashMap<>(call);
                begun.put("status", "in_progress");
                begun.put("arguments", "");
                send("response.output_item.added", OpenAiReplies.map("output_index", index, "item", begun));
                String id = String.valueOf(call.get("id"));
                String arguments = String.valueOf(call.get("arguments"));
                send(
                        "response.function_call_arguments.delta",
                        OpenAiReplies.map("item_id", id, "output_index", index, "delta", arguments));
                send(
                        "response.function_call_arguments.done",
                        OpenAiReplies.map("item_id", id, "output_index", index, "arguments", arguments));
                send("response.output_item.done", OpenAiReplies.map("output_index", index, "item", call));
                index++;
            }
            boolean complete = result.finishReason() == FinishReason.STOP;
            send(
                    complete ? "response.completed" : "response.incomplete",
                    OpenAiReplies.map("response", response(text, result)));
        }

        private void endMessage(String text) {
            send("response.output_text.done", inPart("text", text, "logprobs", List.of()));
            send("response.content_part.done", inPart("part", part(text)));
            send("response.output_item.done", OpenAiReplies.map("output_index", 0, "item", item(text, "completed")));
            messageItems = 1;
        }

        /** All that comes before the first text; not earlier, so that an error has its own status. */
        private void begin() {
            if (exchange.started()) {
                return;
            }
            beginResponse();
            Map<String, @Nullable Object> item = item("", "in_progress");
            item.put("content", List.of());
            send("response.output_item.added", OpenAiReplies.map("output_index", 0, "item", item));
            send("response.content_part.added", inPart("part", part("")));
        }

        private void beginResponse() {
            Map<String, @Nullable Object> empty = head("in_progress");
            empty.put("output", List.of());
            empty.put("usage", null);
            send("response.created", OpenAiReplies.map("response", empty));
            send("response.in_progress", OpenAiReplies.map("response", empty));
        }

        private List<Map<String, @Nullable Object>> calls(ChatResult result) {
            List<Map<String, @Nullable Object>> items = new ArrayList<>();
            for (ToolCall call : result.toolCalls()) {
                items.add(OpenAiReplies.map(
                        "id",
                        callPrefix + items.size(),
                        "type",
                        "function_call",
                        "status",
                        "completed",
                        "call_id",
                        call.id(),
                        "name",
                        call.name(),
                        "arguments",
                        JsonText.compact(call.arguments())));
            }
            return items;
        }

        private void send(String type, Map<String, @Nullable Object> fields) {
            Map<String, @Nullable Object> event = OpenAiReplies.map("type", type, "sequence_number", sequence++);
            event.putAll(fields);
            exchange.stream(ReplyStream.EVENTS).event(type, event);
        }

        private Map<String, @Nullable Object> inPart(Object... more) {
            Map<String, @Nullable Object> fields =
                    OpenAiReplies.map("item_id", messageId, "output_index", 0, "content_index", 0);
            fields.putAll(OpenAiReplies.map(more));
            return fields;
        }

        private Map<String, @Nullable Object> part(String text) {
            return OpenAiReplies.map(
                    "type", "output_text", "text", text, "annotations", List.of(), "logprobs", List.of());
        }

        private Map<String, @Nullable Object> item(String text, String status) {
            return OpenAiReplies.map(
                    "id",
                    messageId,
                    "type",
                    "message",
                    "role",
                    "assistant",
                    "status",
                    status,
                    "content",
                    List.of(part(text)));
        }

        private Map<String, @Nullable Object> head(String status) {
            Map<String, @Nullable Object> response = OpenAiReplies.map(
                    "id", id, "object", "response", "created_at", created, "status", status, "model", model);
            response.put("error", null);
            response.put("incomplete_details", null);
            response.put("instructions", body.value("instructions"));
            response.put("max_output_tokens", body.value("max_output_tokens"));
            response.put("metadata", body.has("metadata") ? body.value("metadata") : Map.of());
            response.put("parallel_tool_calls", true);
            response.put("temperature", body.has("temperature") ? body.value("temperature") : 1.0);
            response.put("top_p", body.has("top_p") ? body.value("top_p") : 1.0);
            response.put("tool_choice", "auto");
            response.put("tools", List.of());
            response.put("store", false);
            return response;
        }

        private Map<String, @Nullable Object> response(String text, ChatResult result) {
            boolean complete = result.finishReason() == FinishReason.STOP;
            Map<String, @Nullable Object> response = head(complete ? "completed" : "incomplete");
            if (!complete) {
                response.put("incomplete_details", Map.of("reason", "max_output_tokens"));
            }
            List<Object> output = new ArrayList<>();
            if (!text.isEmpty() || result.toolCalls().isEmpty()) {
                output.add(item(text, complete ? "completed" : "incomplete"));
            }
            output.addAll(calls(result));
            response.put("output", output);
            response.put(
                    "usage",
                    OpenAiReplies.map(
                            "input_tokens",
                            result.promptTokens(),
                            "input_tokens_details",
                            Map.of("cached_tokens", result.cachedTokens()),
                            "output_tokens",
                            result.generatedTokens(),
                            "output_tokens_details",
                            Map.of("reasoning_tokens", 0),
                            "total_tokens",
                            result.promptTokens() + result.generatedTokens()));
            return response;
        }
    }
}
