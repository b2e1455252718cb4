package org.llmspell.engine.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.ToolCall;

/**
 * The form in which a template takes messages with calls; templates differ where Hugging Face's interface leaves it open.
 *
 * @param argumentsAsText the arguments of a call are JSON in a string; else a mapping
 * @param noContent an assistant message that calls has None as its content; else its text
 * @param systemTools what a system message has as its {@code tools}, as Phi-4's templates want it; empty for nothing
 * @param thinkingKeys under which names the template looks for what the assistant thought
 */
public record MessageShape(boolean argumentsAsText, boolean noContent, String systemTools, List<String> thinkingKeys) {
    /** Mappings and texts, nothing of thoughts. */
    public static final MessageShape PLAIN = new MessageShape(false, false, "", List.of());

    /** The shape with {@code tools} in system messages. */
    public MessageShape withSystemTools(String tools) {
        return new MessageShape(argumentsAsText, noContent, tools, thinkingKeys);
    }

    /** A message as the template's variable. */
    Map<String, @Nullable Object> turn(ChatMessage message) {
        Map<String, @Nullable Object> turn = new LinkedHashMap<>();
        turn.put("role", message.role());
        boolean calls = !message.toolCalls().isEmpty();
        turn.put("content", calls && noContent ? null : message.content());
        if (!systemTools.isEmpty() && message.role().equals("system")) {
            turn.put("tools", systemTools);
        }
        if (!message.thinking().isEmpty()) {
            thinkingKeys.forEach(key -> turn.put(key, message.thinking()));
        }
        if (calls) {
            List<Map<String, Object>> list = new ArrayList<>();
            message.toolCalls().forEach(call -> list.add(call(call)));
            turn.put("tool_calls", list);
        }
        if (!message.toolCallId().isEmpty()) {
            turn.put("tool_call_id", message.toolCallId());
        }
        if (!message.toolName().isEmpty()) {
            turn.put("name", message.toolName());
        }
        return turn;
    }

    private Map<String, Object> call(ToolCall call) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", call.name());
        function.put("arguments", argumentsAsText ? JsonText.of(call.arguments()) : call.arguments());
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("id", call.id());
        entry.put("type", "function");
        entry.put("function", function);
        return entry;
    }
}
