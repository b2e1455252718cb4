package org.llmspell.bench;

/**
 * A test's medians.
 *
 * @param unit of both
 * @param ratio how many times better ours is
 */
record Figures(String test, String unit, double ours, double theirs, double ratio) {
    /** Tokens per second and the like. */
    static Figures moreIsBetter(String test, String unit, double ours, double theirs) {
        return new Figures(test, unit, ours, theirs, ours / theirs);
    }

    /** Seconds, bytes and the like. */
    static Figures lessIsBetter(String test, String unit, double ours, double theirs) {
        return new Figures(test, unit, ours, theirs, theirs / ours);
    }
}
