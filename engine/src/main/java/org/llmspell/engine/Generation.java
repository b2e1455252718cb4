package org.llmspell.engine;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A running generation. One thread reads; any thread may close, which cancels and frees at once. */
public interface Generation extends AutoCloseable {
    /**
     * New text.
     *
     * @param text whole characters; stop strings never appear, also not in part
     * @param tokens the tokens behind it with log-probabilities, where asked for; else empty
     */
    record Chunk(String text, List<TokenLogprob> tokens) {}

    /**
     * A token and how likely it was.
     *
     * @param logprob natural logarithm of its probability before temperature and cuts
     * @param alternatives likeliest first
     */
    record TokenLogprob(int id, String text, double logprob, List<TokenLogprob> alternatives) {}

    /**
     * What a finished generation cost.
     *
     * @param promptTokens all of the prompt's, {@code cachedTokens} of which were found in the prefix cache
     * @param draftedTokens guessed by speculation, {@code acceptedTokens} of which came true
     * @param timeToFirstToken from the request on
     * @param totalTime from the request on
     */
    record Summary(
            FinishReason finishReason,
            int promptTokens,
            int cachedTokens,
            int generatedTokens,
            int draftedTokens,
            int acceptedTokens,
            Duration timeToFirstToken,
            Duration totalTime) {}

    /**
     * Waits for more text; null at the end.
     *
     * @throws EngineException if the generation failed
     * @throws InterruptedException if the reading thread is interrupted; the generation goes on until closed
     */
    @Nullable
    Chunk next() throws InterruptedException;

    /** Tokens generated so far; any thread may ask. */
    int generatedTokens();

    /**
     * How it ended.
     *
     * @throws IllegalStateException before {@link #next} has returned null
     */
    Summary summary();

    @Override
    void close();
}
