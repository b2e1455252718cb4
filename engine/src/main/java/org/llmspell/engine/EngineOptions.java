package org.llmspell.engine;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How an engine uses the machine.
 *
 * @param threads computing threads; 0 for one per core
 * @param keepAlive how long an unused model stays resident; zero unloads at once, negative keeps it for ever
 * @param maxResidentModels how many models stay resident at once, the least recently used going first; at least 1
 * @param contextLength tokens of context per sequence; null for the model's own up to {@link #DEFAULT_CONTEXT}
 */
public record EngineOptions(
        int threads,
        Duration keepAlive,
        int maxResidentModels,
        @Nullable Integer contextLength) {
    /** A context that fits laptops; a model trained for less gets less. */
    public static final int DEFAULT_CONTEXT = 4096;

    public static final EngineOptions DEFAULTS = new EngineOptions(0, Duration.ofMinutes(5), 3, null);

    /** @throws EngineException of kind {@code INVALID_OPTION} if a number is out of range */
    public EngineOptions {
        require(threads >= 0, "threads", threads, "0 or more");
        require(maxResidentModels >= 1, "maxResidentModels", maxResidentModels, "1 or more");
        require(contextLength == null || contextLength >= 1, "contextLength", contextLength, "1 or more");
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
