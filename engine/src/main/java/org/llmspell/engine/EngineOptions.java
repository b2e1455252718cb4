package org.llmspell.engine;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.schedule.Batcher;

/**
 * How an engine uses the machine.
 *
 * @param threads computing threads; 0 for one per core
 * @param keepAlive how long an unused model stays resident; zero unloads at once, negative keeps it for ever
 * @param maxResidentModels how many models stay resident at once, the least recently used going first; at least 1
 * @param contextLength tokens of context per sequence; null for the model's own up to {@link #DEFAULT_CONTEXT}
 * @param cacheType how keys and values are kept
 * @param draftTokens tokens that may be guessed for one pass where a request says nothing else; 0 for none, at most {@link
 *     #MOST_DRAFT_TOKENS}
 */
public record EngineOptions(
        int threads,
        Duration keepAlive,
        int maxResidentModels,
        @Nullable Integer contextLength,
        CacheType cacheType,
        int draftTokens) {
    /** A context that fits laptops; a model trained for less gets less. */
    public static final int DEFAULT_CONTEXT = 4096;

    /** How keys and values are kept. */
    public enum CacheType {
        /** As halves; as pairs of halves where the weights are float32 or the model is tiny. */
        F16,
        /** As 8-bit numbers with a scale for each 32 of a head, as GGUF's Q8_0: half the memory. */
        Q8_0
    }

    /** Options with keys and values as halves, and without guesses. */
    public EngineOptions(int threads, Duration keepAlive, int maxResidentModels, @Nullable Integer contextLength) {
        this(threads, keepAlive, maxResidentModels, contextLength, CacheType.F16, 0);
    }

    /** The most tokens that can be guessed for one pass. */
    public static final int MOST_DRAFT_TOKENS = Batcher.DRAFTS;

    public static final EngineOptions DEFAULTS = new EngineOptions(0, Duration.ofMinutes(5), 3, null);

    /** @throws EngineException of kind {@code INVALID_OPTION} if a number is out of range */
    public EngineOptions {
        require(threads >= 0, "threads", threads, "0 or more");
        require(maxResidentModels >= 1, "maxResidentModels", maxResidentModels, "1 or more");
        require(contextLength == null || contextLength >= 1, "contextLength", contextLength, "1 or more");
        requireDrafts(draftTokens);
    }

    /** @throws EngineException of kind {@code INVALID_OPTION} if so many tokens cannot be guessed */
    static void requireDrafts(int tokens) {
        require(tokens >= 0 && tokens <= MOST_DRAFT_TOKENS, "draftTokens", tokens, "0 to " + MOST_DRAFT_TOKENS);
    }

    private static void require(boolean holds, String option, @Nullable Integer value, String range) {
        if (!holds) {
            throw new EngineException(
                    EngineException.Problem.INVALID_OPTION,
                    option + " is " + value + "; allowed: " + range,
                    java.util.List.of());
        }
    }
}
