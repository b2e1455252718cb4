package org.llmspell.engine.layer;

import org.jspecify.annotations.Nullable;

/**
 * How the scores of an attention layer are formed.
 *
 * @param scale multiplies the scores
 * @param window positions that a token sees, itself included; {@link Integer#MAX_VALUE} for all
 * @param softcap bounds the scores, or 0
 * @param temperature sharpens the scores of late positions, or null
 * @param bothWays whether a token sees those after it as well, in a sequence that is computed in one pass; a window then
 *     reaches half of {@code window} to either side
 */
public record Scores(
        float scale, int window, float softcap, @Nullable Temperature temperature, boolean bothWays) {
    /**
     * Multiplies the scores of position p by {@code 1 + strength · ln(1 + ⌊(p + offset) / interval⌋)}, so that attention over a
     * long context is not smeared out (Nakanishi 2025).
     *
     * @param interval positions of equal temperature
     */
    public record Temperature(float strength, int interval, float offset) {
        float at(int position) {
            return (float) (1 + strength * Math.log(1 + Math.floor((position + offset) / interval)));
        }
    }

    /** Scores of what came before. */
    public Scores(float scale, int window, float softcap, @Nullable Temperature temperature) {
        this(scale, window, softcap, temperature, false);
    }

    /** Scores of {@code scale} over all positions. */
    public Scores(float scale) {
        this(scale, Integer.MAX_VALUE, 0, null);
    }

    /** Scores by {@code 1/√dimension} over all positions (Vaswani et al. 2017). */
    public static Scores of(int keyDimension) {
        return new Scores((float) (1 / Math.sqrt(keyDimension)));
    }

    /** The same over the last {@code positions} positions. */
    public Scores withWindow(int positions) {
        return new Scores(scale, positions, softcap, temperature, bothWays);
    }

    /** The same, bounded to ±{@code cap}. */
    public Scores withSoftcap(float cap) {
        return new Scores(scale, window, cap, temperature, bothWays);
    }

    /** The same with another temperature. */
    public Scores withTemperature(@Nullable Temperature newTemperature) {
        return new Scores(scale, window, softcap, newTemperature, bothWays);
    }

    /** The same, each token seeing those after it as well. */
    public Scores lookingBothWays() {
        return new Scores(scale, window, softcap, temperature, true);
    }
}
