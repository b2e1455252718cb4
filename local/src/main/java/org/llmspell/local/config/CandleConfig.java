package org.llmspell.local.config;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * {@code [providers.candle]}.
 *
 * @param enabled whether the backend is used
 * @param modelDirectory where models are stored, absolute; need not exist
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code metal}
 * @param hfApiKey Hugging Face token, if any
 * @param threads computing threads; 0 for one per core
 * @param contextLength tokens of context per sequence; null for the engine's choice
 * @param cacheType how keys and values are kept: {@code f16} or {@code q8_0}
 * @param draftTokens tokens guessed for one pass, at most, where a request says nothing else; 0 for none
 * @param keepAlive how long an unused model stays loaded; zero unloads at once, negative never
 * @param maxLoadedModels how many models stay loaded at once
 */
public record CandleConfig(
        boolean enabled,
        Path modelDirectory,
        String device,
        @Nullable String hfApiKey,
        int threads,
        @Nullable Integer contextLength,
        String cacheType,
        int draftTokens,
        Duration keepAlive,
        int maxLoadedModels) {

    /** Without the token, which must not reach a log. */
    @Override
    public String toString() {
        return "CandleConfig[enabled=" + enabled + ", modelDirectory=" + modelDirectory + ", device=" + device
                + ", threads=" + threads + ", contextLength=" + contextLength + ", cacheType=" + cacheType
                + ", draftTokens=" + draftTokens + ", keepAlive=" + keepAlive + ", maxLoadedModels=" + maxLoadedModels
                + "]";
    }
}
