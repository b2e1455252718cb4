package org.llmspell.engine.score;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The logarithm of one probability out of a softmax over logits, in double: exact to some 1e-7 of the logits themselves. */
final class LogSoftmax {
    private LogSoftmax() {}

    /**
     * {@code logits[chosen] − log Σ exp(logits)}; NaN if a logit is.
     *
     * @param first element at which the row starts
     * @param count logits in the row
     */
    static double at(MemorySegment logits, long first, int count, int chosen) {
        float most = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            most = Math.max(most, logits.getAtIndex(ValueLayout.JAVA_FLOAT, first + i));
        }
        double sum = 0;
        for (int i = 0; i < count; i++) {
            // Less than the largest, so that nothing overflows.
            sum += Math.exp((double) logits.getAtIndex(ValueLayout.JAVA_FLOAT, first + i) - most);
        }
        return (double) logits.getAtIndex(ValueLayout.JAVA_FLOAT, first + chosen) - most - Math.log(sum);
    }
}
