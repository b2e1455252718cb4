package org.llmspell.local;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatInput;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.SamplingOptions;
import org.llmspell.engine.Thinking;
import org.llmspell.engine.ToolDefinition;

/**
 * What to reply to.
 *
 * @param model which model
 * @param messages the conversation, oldest first, the system prompt as its first message
 * @param tools that the model may call; empty for none
 * @param thinking whether it is to think before it answers
 * @param sampling how tokens are chosen
 * @param raw the messages' text goes to the model as it is, without a chat template
 * @param contextLength tokens of context to use; null for the model's own, within memory
 * @param draftTokens tokens that candle guesses for one pass, at most; null for the backend's default
 * @param keepAlive how long the model stays loaded afterwards; null for the backend's default, negative for ever
 * @param format that the reply must have; null for any text
 */
public record ChatRequest(
        ModelSpec model,
        List<ChatMessage> messages,
        List<ToolDefinition> tools,
        Thinking thinking,
        SamplingOptions sampling,
        boolean raw,
        @Nullable Integer contextLength,
        @Nullable Integer draftTokens,
        @Nullable Duration keepAlive,
        @Nullable OutputFormat format) {
    public ChatRequest {
        messages = List.copyOf(messages);
        tools = List.copyOf(tools);
    }

    /** A request without tools. */
    public ChatRequest(
            ModelSpec model,
            List<ChatMessage> messages,
            SamplingOptions sampling,
            boolean raw,
            @Nullable Integer contextLength,
            @Nullable Duration keepAlive,
            @Nullable OutputFormat format) {
        this(model, messages, List.of(), Thinking.DEFAULT, sampling, raw, contextLength, keepAlive, format);
    }

    /** A request that leaves guesses to the backend. */
    public ChatRequest(
            ModelSpec model,
            List<ChatMessage> messages,
            List<ToolDefinition> tools,
            Thinking thinking,
            SamplingOptions sampling,
            boolean raw,
            @Nullable Integer contextLength,
            @Nullable Duration keepAlive,
            @Nullable OutputFormat format) {
        this(model, messages, tools, thinking, sampling, raw, contextLength, null, keepAlive, format);
    }

    /** What the model is to reply to. */
    public ChatInput input() {
        return new ChatInput(messages, tools, thinking, raw);
    }
}
