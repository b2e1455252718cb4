package org.llmspell.local;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.SamplingOptions;

/**
 * What to reply to.
 *
 * @param model which model
 * @param messages the conversation, oldest first, the system prompt as its first message
 * @param sampling how tokens are chosen
 * @param raw the messages' text goes to the model as it is, without a chat template
 * @param contextLength tokens of context to use; null for the model's own, within memory
 * @param keepAlive how long the model stays loaded afterwards; null for the backend's default, negative for ever
 * @param format that the reply must have; null for any text
 */
public record ChatRequest(
        ModelSpec model,
        List<ChatMessage> messages,
        SamplingOptions sampling,
        boolean raw,
        @Nullable Integer contextLength,
        @Nullable Duration keepAlive,
        @Nullable OutputFormat format) {
    public ChatRequest {
        messages = List.copyOf(messages);
    }
}
