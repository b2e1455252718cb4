package org.llmspell.engine;

import java.util.List;

/**
 * What a model is to reply to.
 *
 * @param messages the conversation, oldest first
 * @param tools that the model may call; none with {@code raw}
 * @param thinking whether it is to think
 * @param raw the messages' texts go to the model as they are, without a chat template
 */
public record ChatInput(List<ChatMessage> messages, List<ToolDefinition> tools, Thinking thinking, boolean raw) {
    public ChatInput {
        messages = List.copyOf(messages);
        tools = List.copyOf(tools);
    }

    /** A conversation without tools. */
    public static ChatInput of(List<ChatMessage> messages, boolean raw) {
        return new ChatInput(messages, List.of(), Thinking.DEFAULT, raw);
    }
}
