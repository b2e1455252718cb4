package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.testing.TestData;

/** What else is in a pass must not change a sequence's logits beyond rounding. */
class BatchingTest {
    /** A product over many tokens sums in another order than one over a single token. */
    private static final double ROUNDING = 1e-4;

    @Test
    void sequencesInOnePassGetTheLogitsThatTheyGetAlone() {
        for (String name : new String[] {"llama-gqa", "llama-q4_k", "llama-moe-4x2", "gemma2"}) {
            try (BareModel model =
                    new BareModel(TestData.path("models/tiny_random/" + name + ".gguf"), KernelProvider.best(), 2)) {
                int[] a = {1, 403, 407, 261, 378, 12, 90, 55, 301, 22, 17};
                int[] b = {1, 291, 376, 400, 428, 64, 64, 64, 5, 5, 501, 3, 77};
                float[][] aAlone = model.logits(a, 64);
                float[][] bAlone = model.logits(b, 64);
                try (SequenceCache first = model.sequence(32);
                        SequenceCache second = model.sequence(32)) {
                    // Pass 1: a's first 5, b's first. Pass 2: b's next 11 and one of a. Then one of each, in turn.
                    int a5 = model.add(first, a, 0, 5);
                    int b1 = model.add(second, b, 0, 1);
                    model.forward();
                    check(model.logits(a5 + 4), aAlone[4]);
                    check(model.logits(b1), bAlone[0]);
                    int b12 = model.add(second, b, 1, 11);
                    int a6 = model.add(first, a, 5, 1);
                    model.forward();
                    check(model.logits(b12 + 10), bAlone[11]);
                    check(model.logits(a6), aAlone[5]);
                    int a7 = model.add(first, a, 6, 1);
                    int b13 = model.add(second, b, 12, 1);
                    model.forward();
                    check(model.logits(a7), aAlone[6]);
                    check(model.logits(b13), bAlone[12]);
                }
            }
        }
    }

    private static void check(float[] logits, float[] alone) {
        assertThat(BareModel.largestDifference(logits, alone)).isLessThan(ROUNDING);
    }
}
