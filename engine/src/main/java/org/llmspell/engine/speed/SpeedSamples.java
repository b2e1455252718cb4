package org.llmspell.engine.speed;

import java.util.Arrays;

/**
 * What the repetitions of a test gave.
 *
 * @param samples tokens per second, in the order of measuring; at least one
 */
// Results are handed on and never compared.
@SuppressWarnings("ArrayRecordComponent")
public record SpeedSamples(SpeedTest test, double[] samples) {
    public SpeedSamples {
        if (samples.length == 0) {
            throw new IllegalArgumentException("a test that was not run");
        }
    }

    /** The middle one, or the mean of the two in the middle. */
    public double median() {
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    public double lowest() {
        return Arrays.stream(samples).min().orElseThrow();
    }

    public double highest() {
        return Arrays.stream(samples).max().orElseThrow();
    }
}
