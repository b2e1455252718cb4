package org.llmspell.engine.layer;

/**
 * The matrices of an attention layer.
 *
 * @param query {@code [heads · keyDimension][embedding]}
 * @param key {@code [kvHeads · keyDimension][embedding]}
 * @param value {@code [kvHeads · valueDimension][embedding]}
 * @param output {@code [embedding][heads · valueDimension]}
 * @param bound cuts queries, keys and values off at ±bound, or 0
 */
public record Projections(Linear query, Linear key, Linear value, Linear output, float bound) {
    /** Without a bound. */
    public Projections(Linear query, Linear key, Linear value, Linear output) {
        this(query, key, value, output, 0);
    }

    /** The same with queries, keys and values cut off at ±{@code newBound}. */
    public Projections withBound(float newBound) {
        return new Projections(query, key, value, output, newBound);
    }
}
