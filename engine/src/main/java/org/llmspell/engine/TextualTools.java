package org.llmspell.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.JsonText;

/**
 * Tools for models whose chat template knows none: described in the system prompt, called between {@code <tool_call>} and {@code
 * </tool_call>}, answered by the user between {@code <tool_response>} and {@code </tool_response>}. It is the form of the Hermes
 * and Qwen models, which many others have met in training.
 */
final class TextualTools {
    private TextualTools() {}

    /**
     * The conversation in texts alone.
     *
     * @param tools described in the system prompt; none to leave it as it is
     */
    static List<ChatMessage> described(List<ChatMessage> messages, List<ToolDefinition> tools) {
        List<ChatMessage> plain = new ArrayList<>();
        StringBuilder results = new StringBuilder();
        for (ChatMessage message : messages) {
            if (message.role().equals("tool")) {
                results.append(results.isEmpty() ? "" : "\n").append(result(message));
                continue;
            }
            if (!results.isEmpty()) {
                plain.add(ChatMessage.user(results.toString()));
                results.setLength(0);
            }
            plain.add(message.toolCalls().isEmpty() ? message : calling(message));
        }
        if (!results.isEmpty()) {
            plain.add(ChatMessage.user(results.toString()));
        }
        return tools.isEmpty() ? plain : introduced(plain, description(tools));
    }

    /** {@code text} at the end of the system prompt, which is there then. */
    static List<ChatMessage> introduced(List<ChatMessage> messages, String text) {
        List<ChatMessage> introduced = new ArrayList<>(messages);
        if (!messages.isEmpty() && messages.getFirst().role().equals("system")) {
            String system = messages.getFirst().content();
            introduced.set(
                    0, ChatMessage.system(system.isBlank() || text.isEmpty() ? system + text : system + "\n\n" + text));
        } else {
            introduced.addFirst(ChatMessage.system(text));
        }
        return introduced;
    }

    private static String description(List<ToolDefinition> tools) {
        StringBuilder text = new StringBuilder("You can use these tools, each described by a line of JSON:\n<tools>\n");
        for (ToolDefinition tool : tools) {
            Map<String, @Nullable Object> shown = new LinkedHashMap<>();
            shown.put("name", tool.name());
            shown.put("description", tool.description());
            shown.put("parameters", tool.parameters());
            text.append(JsonText.of(shown)).append('\n');
        }
        return text.append(
                        "</tools>\n\nTo use a tool, write its name and its arguments in JSON, like this:\n<tool_call>\n")
                .append(
                        "{\"name\": \"the tool's name\", \"arguments\": {\"an argument's name\": \"its value\"}}\n</tool_call>\n")
                .append(
                        "You may use several tools, each in a block of its own. Then stop: the results are given to you between ")
                .append("<tool_response> and </tool_response>. Never make up a result. ")
                .append("If no tool is needed, answer in plain words.")
                .toString();
    }

    private static ChatMessage calling(ChatMessage message) {
        StringBuilder text = new StringBuilder(message.content());
        for (ToolCall call : message.toolCalls()) {
            Map<String, @Nullable Object> shown = new LinkedHashMap<>();
            shown.put("name", call.name());
            shown.put("arguments", call.arguments());
            text.append(text.isEmpty() ? "" : "\n")
                    .append("<tool_call>\n")
                    .append(JsonText.of(shown))
                    .append("\n</tool_call>");
        }
        return ChatMessage.assistant(text.toString(), message.thinking(), List.of());
    }

    private static String result(ChatMessage message) {
        Map<String, @Nullable Object> shown = new LinkedHashMap<>();
        shown.put("name", message.toolName());
        shown.put("content", message.content());
        return "<tool_response>\n" + JsonText.of(shown) + "\n</tool_response>";
    }
}
