package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.Kernels;
import org.llmspell.testing.TestData;

/** How a prompt is cut into passes, and what else is in them, must not change a sequence's logits beyond rounding. */
class BatchingTest {
    /** A product over many tokens sums in another order than one over a single token; logits are of order 1 to 10. */
    private static final double ROUNDING = 1e-4;

    private static final int[] A = {1, 203, 107, 261, 178, 12, 90, 55, 301, 22, 17};
    private static final int[] B = {1, 291, 276, 300, 228, 64, 64, 64, 5, 5, 301, 3, 77};

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(
            value = BlockFormat.class,
            names = {"F32", "Q8_0", "Q4_0"})
    void decodingAndPrefillInChunksOfAnySizeGiveTheSameLogits(BlockFormat format) throws IOException {
        Path file = folder.resolve("tiny.gguf");
        SyntheticModel.tiny().withMix(WeightMix.uniform(format)).write(file);
        int[] tokens = new int[50];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = 3 + i * i * 31 % 300;
        }
        float[][] reference;
        try (BareModel model = new BareModel(file, KernelProvider.scalar(), 1)) {
            reference = model.logits(tokens, 1);
        }
        for (Kernels kernels : new Kernels[] {KernelProvider.scalar(), KernelProvider.best()}) {
            try (BareModel model = new BareModel(file, kernels, 2)) {
                for (int chunk : new int[] {1, 7, 50}) {
                    float[][] logits = model.logits(tokens, chunk);
                    for (int i = 0; i < tokens.length; i++) {
                        assertThat(BareModel.largestDifference(logits[i], reference[i]))
                                .as("%s kernels, chunks of %d, position %d", kernels.name(), chunk, i)
                                .isLessThan(ROUNDING);
                    }
                }
            }
        }
    }

    @Test
    void sequencesInOnePassGetTheLogitsThatTheyGetAlone() throws IOException {
        Path file = folder.resolve("tiny.gguf");
        SyntheticModel.tiny().write(file);
        interleave(file);
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.ValueSource(strings = {"llama-gqa", "llama-q4_k", "llama-moe-4x2", "gemma2"})
    void thatHoldsForExpertsAndWindowsToo(String name) {
        interleave(TestData.path("models/tiny_random/" + name + ".gguf"));
    }

    @Test
    void andForParallelLayersAndLearnedPositions() throws IOException {
        Path file = folder.resolve("model.gguf");
        for (String name : List.of("falcon", "gpt2")) {
            DenseModels.all()
                    .filter(model -> model.architecture().name().equals(name))
                    .findFirst()
                    .orElseThrow()
                    .write(file, BlockFormat.F32);
            interleave(file);
        }
    }

    private static void interleave(Path file) {
        try (BareModel model = new BareModel(file, KernelProvider.best(), 2)) {
            float[][] aAlone = model.logits(A, 64);
            float[][] bAlone = model.logits(B, 64);
            try (SequenceCache first = model.sequence(32);
                    SequenceCache second = model.sequence(32)) {
                // Pass 1: a's first 5, b's first. Pass 2: b's next 11 and one of a. Then one of each.
                int a5 = model.add(first, A, 0, 5);
                int b1 = model.add(second, B, 0, 1);
                model.forward();
                check(model.logits(a5 + 4), aAlone[4]);
                check(model.logits(b1), bAlone[0]);
                int b12 = model.add(second, B, 1, 11);
                int a6 = model.add(first, A, 5, 1);
                model.forward();
                check(model.logits(b12 + 10), bAlone[11]);
                check(model.logits(a6), aAlone[5]);
                int a7 = model.add(first, A, 6, 1);
                int b13 = model.add(second, B, 12, 1);
                model.forward();
                check(model.logits(a7), aAlone[6]);
                check(model.logits(b13), bAlone[12]);
            }
        }
    }

    private static void check(float[] logits, float[] alone) {
        assertThat(BareModel.largestDifference(logits, alone)).isLessThan(ROUNDING);
    }
}
