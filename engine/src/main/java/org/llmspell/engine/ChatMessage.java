package org.llmspell.engine;

import java.util.List;

/**
 * One message of a conversation.
 *
 * @param role {@code system}, {@code user}, {@code assistant} or {@code tool}, as chat templates name them
 * @param content its text; of a tool, its result
 * @param thinking what the assistant thought before; empty for none
 * @param toolCalls what the assistant called; empty for none
 * @param toolName of a {@code tool} message, which tool; else empty
 * @param toolCallId of a {@code tool} message, the call that it answers; else empty
 */
public record ChatMessage(
        String role, String content, String thinking, List<ToolCall> toolCalls, String toolName, String toolCallId) {
    public ChatMessage {
        toolCalls = List.copyOf(toolCalls);
    }

    /** A message of text alone. */
    public ChatMessage(String role, String content) {
        this(role, content, "", List.of(), "", "");
    }

    public static ChatMessage system(String content) {
        return new ChatMessage("system", content);
    }

    public static ChatMessage user(String content) {
        return new ChatMessage("user", content);
    }

    public static ChatMessage assistant(String content) {
        return new ChatMessage("assistant", content);
    }

    /** What the assistant said, thought and called. */
    public static ChatMessage assistant(String content, String thinking, List<ToolCall> toolCalls) {
        return new ChatMessage("assistant", content, thinking, toolCalls, "", "");
    }

    /** The result of {@code call}, or what went wrong with it. */
    public static ChatMessage toolResult(ToolCall call, String content) {
        return new ChatMessage("tool", content, "", List.of(), call.name(), call.id());
    }
}
