package org.llmspell.server.anthropic;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatResult;
import org.llmspell.local.json.JsonText;
import org.llmspell.server.api.Catalog;
import org.llmspell.server.api.Generations;
import org.llmspell.server.http.Exchange;
import org.llmspell.server.http.ReplyStream;

/** A message of Anthropic's on its way: blocks of thinking, text and calls, whole or as events. */
final class AnthropicReply {
    private final Exchange exchange;
    private final Catalog.Target target;
    private final Generations generations;
    private final String id = "msg_" + UUID.randomUUID().toString().replace("-", "");
    /** The type of the block that is open in the stream; empty for none. */
    private String open = "";

    private int blocks;

    AnthropicReply(Exchange exchange, Catalog.Target target, Generations generations) {
        this.exchange = exchange;
        this.target = target;
        this.generations = generations;
    }

    void whole(ChatRequest request) throws InterruptedException {
        ChatResult result = generations.run(target, request, chunk -> {});
        List<Map<String, @Nullable Object>> content = new ArrayList<>();
        if (!result.thinking().isEmpty()) {
            content.add(map("type", "thinking", "thinking", result.thinking(), "signature", ""));
        }
        if (!result.text().isEmpty() || result.toolCalls().isEmpty()) {
            content.add(map("type", "text", "text", result.text()));
        }
        for (ToolCall call : result.toolCalls()) {
            content.add(map("type", "tool_use", "id", call.id(), "name", call.name(), "input", call.arguments()));
        }
        Map<String, @Nullable Object> message = head(content);
        message.put("stop_reason", stopReason(result));
        message.put("usage", usage(result));
        exchange.json(200, message);
    }

    void stream(ChatRequest request) throws InterruptedException {
        ChatResult result = generations.run(target, request, this::send);
        if (blocks == 0) {
            open("text", map("type", "text", "text", ""));
        }
        closeBlock();
        Map<String, @Nullable Object> delta = map("stop_reason", stopReason(result));
        delta.put("stop_sequence", null);
        event("message_delta", map("delta", delta, "usage", usage(result)));
        event("message_stop", map());
    }

    private void send(ChatChunk chunk) {
        if (!chunk.thinking().isEmpty()) {
            open("thinking", map("type", "thinking", "thinking", "", "signature", ""));
            delta(map("type", "thinking_delta", "thinking", chunk.thinking()));
        }
        if (!chunk.text().isEmpty()) {
            open("text", map("type", "text", "text", ""));
            delta(map("type", "text_delta", "text", chunk.text()));
        }
        for (ToolCall call : chunk.toolCalls()) {
            closeBlock();
            open("tool_use", map("type", "tool_use", "id", call.id(), "name", call.name(), "input", Map.of()));
            delta(map("type", "input_json_delta", "partial_json", JsonText.compact(call.arguments())));
            closeBlock();
        }
    }

    private void delta(Map<String, @Nullable Object> delta) {
        event("content_block_delta", map("index", blocks - 1, "delta", delta));
    }

    /** Opens a block unless one of its type is; before the first, the message itself: an error has its own status till then. */
    private void open(String type, Map<String, @Nullable Object> block) {
        if (open.equals(type)) {
            return;
        }
        if (!exchange.started()) {
            Map<String, @Nullable Object> message = head(List.of());
            message.put("usage", map("input_tokens", 0, "output_tokens", 0));
            event("message_start", map("message", message));
        }
        closeBlock();
        open = type;
        event("content_block_start", map("index", blocks++, "content_block", block));
    }

    private void closeBlock() {
        if (!open.isEmpty()) {
            open = "";
            event("content_block_stop", map("index", blocks - 1));
        }
    }

    private void event(String type, Map<String, @Nullable Object> fields) {
        Map<String, @Nullable Object> event = map("type", type);
        event.putAll(fields);
        exchange.stream(ReplyStream.EVENTS).event(type, event);
    }

    private Map<String, @Nullable Object> head(List<?> content) {
        Map<String, @Nullable Object> message =
                map("id", id, "type", "message", "role", "assistant", "model", target.name(), "content", content);
        message.put("stop_reason", null);
        message.put("stop_sequence", null);
        return message;
    }

    private static String stopReason(ChatResult result) {
        if (!result.toolCalls().isEmpty()) {
            return "tool_use";
        }
        return result.finishReason() == FinishReason.LENGTH ? "max_tokens" : "end_turn";
    }

    private static Map<String, @Nullable Object> usage(ChatResult result) {
        return map(
                "input_tokens",
                result.promptTokens() - result.cachedTokens(),
                "cache_creation_input_tokens",
                0,
                "cache_read_input_tokens",
                result.cachedTokens(),
                "output_tokens",
                result.generatedTokens());
    }

    private static Map<String, @Nullable Object> map(Object... keysAndValues) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }
}
