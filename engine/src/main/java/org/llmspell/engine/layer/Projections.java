package org.llmspell.engine.layer;

/**
 * The matrices of an attention layer.
 *
 * @param query {@code [heads · keyDimension][embedding]}, twice as many rows if {@code gated}
 * @param key {@code [kvHeads · keyDimension][embedding]}
 * @param value {@code [kvHeads · valueDimension][embedding]}
 * @param output {@code [embedding][heads · valueDimension]}
 * @param bound cuts queries, keys and values off at ±bound, or 0
 * @param gated whether each query head is followed by a gate as long: the result of attention is multiplied by its logistic
 *     function, head by head (Qiu et al. 2025)
 */
public record Projections(Linear query, Linear key, Linear value, Linear output, float bound, boolean gated) {
    /** Without a bound. */
    public Projections(Linear query, Linear key, Linear value, Linear output) {
        this(query, key, value, output, 0, false);
    }

    /** The same with queries, keys and values cut off at ±{@code newBound}. */
    public Projections withBound(float newBound) {
        return new Projections(query, key, value, output, newBound, gated);
    }

    /** The same with query heads that are each followed by their gate. */
    public Projections withGates() {
        return new Projections(query, key, value, output, bound, true);
    }
}
