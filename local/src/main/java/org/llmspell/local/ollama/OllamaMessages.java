package org.llmspell.local.ollama;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.json.JsonFields;
import org.llmspell.local.json.JsonText;

/** Messages and calls as {@code /api/chat} has them. */
final class OllamaMessages {
    private OllamaMessages() {}

    static Map<String, @Nullable Object> of(ChatMessage message) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("role", message.role());
        fields.put("content", message.content());
        if (!message.thinking().isEmpty()) {
            fields.put("thinking", message.thinking());
        }
        if (!message.toolCalls().isEmpty()) {
            List<Map<String, Object>> calls = new ArrayList<>();
            for (ToolCall call : message.toolCalls()) {
                Map<String, Object> function = new LinkedHashMap<>();
                function.put("index", calls.size());
                function.put("name", call.name());
                function.put("arguments", call.arguments());
                calls.add(Map.of("id", call.id(), "function", function));
            }
            fields.put("tool_calls", calls);
        }
        if (!message.toolName().isEmpty()) {
            fields.put("tool_name", message.toolName());
        }
        if (!message.toolCallId().isEmpty()) {
            fields.put("tool_call_id", message.toolCallId());
        }
        return fields;
    }

    /**
     * The calls of a reply's message.
     *
     * @param before calls in the conversation before: older servers give no ids, so we do
     */
    static List<ToolCall> calls(Map<?, ?> message, int before) {
        List<ToolCall> calls = new ArrayList<>();
        for (Map<?, ?> entry : JsonFields.objects(message, "tool_calls")) {
            Map<?, ?> function = JsonFields.object(entry, "function");
            String name = JsonFields.string(function, "name");
            if (name != null) {
                String id = JsonFields.string(entry, "id");
                String own = String.format(Locale.ROOT, "call%05d", (before + calls.size() + 1) % 100_000);
                calls.add(new ToolCall(id == null ? own : id, name, arguments(function.get("arguments"))));
            }
        }
        return calls;
    }

    private static Map<String, @Nullable Object> arguments(@Nullable Object value) {
        if (value instanceof String text) {
            try {
                return JsonText.parseObject(text);
            } catch (IllegalArgumentException e) {
                return Map.of();
            }
        }
        Map<String, @Nullable Object> arguments = new LinkedHashMap<>();
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, inner) -> arguments.put(String.valueOf(key), inner));
        }
        return arguments;
    }
}
