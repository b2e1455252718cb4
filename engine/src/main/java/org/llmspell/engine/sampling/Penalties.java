package org.llmspell.engine.sampling;

import java.util.Arrays;
import org.llmspell.engine.SamplingOptions;

/**
 * Makes recently used tokens less likely, with the arithmetic of llama.cpp's penalties sampler: a token seen {@code c > 0}
 * times among the last {@code repeatLastN} has its logit divided (positive) or multiplied (otherwise) by the repeat
 * penalty, and then lowered by {@code c · frequency + presence}. Not thread-safe.
 */
final class Penalties {
    private final float repeat;
    private final float frequency;
    private final float presence;
    private final int window;
    /** Occurrences in the window by token id; empty while nothing is penalized. */
    private final int[] counts;

    private int[] history = new int[64];
    private int length;

    Penalties(SamplingOptions options, int vocabulary) {
        repeat = (float) options.repeatPenalty();
        frequency = (float) options.frequencyPenalty();
        presence = (float) options.presencePenalty();
        boolean active = repeat != 1 || frequency != 0 || presence != 0;
        window = !active ? 0 : options.repeatLastN() < 0 ? Integer.MAX_VALUE : options.repeatLastN();
        counts = new int[window == 0 ? 0 : vocabulary];
    }

    /** Notes a token of the prompt or of the reply. */
    void accept(int token) {
        if (window == 0) {
            return;
        }
        if (length == history.length) {
            history = Arrays.copyOf(history, length * 2);
        }
        history[length++] = token;
        counts[token]++;
        if (length > window) {
            counts[history[length - 1 - window]]--;
        }
    }

    /** Changes the logits, one per token id, in place. */
    void apply(float[] logits) {
        int from = length - Math.min(length, window);
        for (int i = from; i < length; i++) {
            int token = history[i];
            int count = counts[token];
            if (count > 0) {
                float logit = logits[token];
                logit = logit > 0 ? logit / repeat : logit * repeat;
                logits[token] = logit - count * frequency - presence;
                counts[token] = -count; // done, though the token comes again in the window
            }
        }
        for (int i = from; i < length; i++) {
            counts[history[i]] = Math.abs(counts[history[i]]);
        }
    }
}
