package org.llmspell.local;

import java.time.Duration;
import java.util.List;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.ToolCall;

/**
 * The end of a reply.
 *
 * @param text all of the answer
 * @param thinking all that the model thought before and between; empty for nothing
 * @param toolCalls what it called, in order; a reply with calls waits for their results
 * @param finishReason why it ended
 * @param promptTokens tokens of the prompt, those found in the cache included
 * @param cachedTokens of them, how many needed no computing
 * @param generatedTokens tokens of the reply
 * @param loadTime loading the model; zero when it was resident
 * @param timeToFirstToken from the request to the first token
 * @param totalTime from the request to the end
 */
public record ChatResult(
        String text,
        String thinking,
        List<ToolCall> toolCalls,
        FinishReason finishReason,
        int promptTokens,
        int cachedTokens,
        int generatedTokens,
        Duration loadTime,
        Duration timeToFirstToken,
        Duration totalTime) {
    public ChatResult {
        toolCalls = List.copyOf(toolCalls);
    }

    /** The end of a reply of text alone. */
    public ChatResult(
            String text,
            FinishReason finishReason,
            int promptTokens,
            int cachedTokens,
            int generatedTokens,
            Duration loadTime,
            Duration timeToFirstToken,
            Duration totalTime) {
        this(
                text,
                "",
                List.of(),
                finishReason,
                promptTokens,
                cachedTokens,
                generatedTokens,
                loadTime,
                timeToFirstToken,
                totalTime);
    }

    /** Tokens a second between the first and the last; 0 for fewer than two. */
    public double tokensPerSecond() {
        double seconds = totalTime.minus(timeToFirstToken).toNanos() / 1e9;
        return generatedTokens < 2 || seconds <= 0 ? 0 : (generatedTokens - 1) / seconds;
    }
}
