package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.Kernels;
import org.llmspell.testing.LlamaCpp;

/** Random models of every dense architecture give llama.cpp's logits at every position, and its greedy continuation. */
class ArchitecturesTest {
    /** Of the largest logit. Float32 sums in another order, through two to 64 layers; measured 2e-6 and less. */
    private static final double ROUNDING = 2e-5;

    /** llama.cpp looks GELU up by arguments rounded to half precision, 5e-4 each; measured 6e-4. */
    private static final double HALF_PRECISION_GELU = 2e-3;

    /**
     * Root mean square, relative, times the root of the number of layers, since their errors are independent. llama.cpp rounds
     * activations to 8 bits before every quantized product; measured 0.023 and less.
     */
    private static final double EIGHT_BIT_ACTIVATIONS = 0.035;

    private static final int PROMPT = 70;
    private static final int CONTINUATION = 8;

    private static LlamaCpp llamaCpp;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        llamaCpp = LlamaCpp.start();
    }

    @AfterAll
    static void stop() {
        if (llamaCpp != null) {
            llamaCpp.close();
        }
    }

    static Stream<DenseModels.Case> models() {
        return DenseModels.all();
    }

    @ParameterizedTest
    @MethodSource("models")
    void logitsAndContinuationAreThoseOfLlamaCpp(DenseModels.Case model) throws IOException {
        Path file = folder.resolve("model.gguf");
        model.write(file, BlockFormat.F32);
        int[] prompt = prompt(model);
        float[][] expected = llamaCpp.logits(file, prompt);
        double tolerance = (model.bendsByGelu() ? HALF_PRECISION_GELU : ROUNDING) * largest(expected);
        for (Kernels kernels : new Kernels[] {KernelProvider.scalar(), KernelProvider.best()}) {
            try (BareModel ours = new BareModel(file, kernels, 2)) {
                float[][] logits = ours.logits(prompt, 32);
                for (int i = 0; i < prompt.length; i++) {
                    assertThat(BareModel.largestDifference(logits[i], expected[i]))
                            .as("%s kernels, position %d", kernels.name(), i)
                            .isLessThan(tolerance);
                }
            }
        }
        int[] start = Arrays.copyOf(prompt, 20);
        int[] continuation = llamaCpp.greedy(file, start, CONTINUATION);
        try (BareModel ours = new BareModel(file, KernelProvider.best(), 2)) {
            assertThat(ours.greedy(start, CONTINUATION)).isEqualTo(continuation);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void quantizedModelsDifferByTheRoundingOfLlamaCppsActivations(DenseModels.Case model) throws IOException {
        Path file = folder.resolve("model.gguf");
        int[] prompt = prompt(model);
        for (BlockFormat format : new BlockFormat[] {BlockFormat.Q8_0, BlockFormat.Q4_0}) {
            model.write(file, format);
            float[][] expected = llamaCpp.logits(file, prompt);
            try (BareModel ours = new BareModel(file, KernelProvider.best(), 2)) {
                float[][] logits = ours.logits(prompt, 32);
                assertThat(relativeError(logits, expected))
                        .as("%s", format)
                        .isLessThan(
                                EIGHT_BIT_ACTIVATIONS * Math.sqrt(model.shape().layers()));
            }
        }
    }

    private static double relativeError(float[][] logits, float[][] expected) {
        double error = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            for (int id = 0; id < expected[i].length; id++) {
                double difference = logits[i][id] - expected[i][id];
                error += difference * difference;
                size += (double) expected[i][id] * expected[i][id];
            }
        }
        return Math.sqrt(error / size);
    }

    private static int[] prompt(DenseModels.Case model) {
        int[] tokens = new int[PROMPT];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = 3 + i * i * 31 % (model.shape().vocabulary() - 3);
        }
        return tokens;
    }

    private static double largest(float[][] logits) {
        double largest = 0;
        for (float[] row : logits) {
            for (float logit : row) {
                largest = Math.max(largest, Math.abs(logit));
            }
        }
        return largest;
    }
}
