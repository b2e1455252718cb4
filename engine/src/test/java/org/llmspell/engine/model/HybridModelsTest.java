package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.fixtures.Architecture;
import org.llmspell.fixtures.DeltaNetArchitecture;
import org.llmspell.fixtures.Gemma4Architecture;
import org.llmspell.fixtures.Lfm2Architecture;
import org.llmspell.fixtures.Mamba2Architecture;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.RopeShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.Kernels;
import org.llmspell.testing.LlamaCpp;

/**
 * Random models with recurrent layers, or with layers of several kinds, give llama.cpp's logits at every position, however the prompt is cut and whatever else is
 * in the pass, and its greedy continuation.
 */
class HybridModelsTest {
    /** Of the largest logit. Float32 sums in another order, through up to five layers; measured 4e-6 and less. */
    private static final double ROUNDING = 2e-5;

    /**
     * The same for GELU looked up in half precision, as llama.cpp does and the kernels here are made to: a last bit may turn an
     * argument into its neighbour, 5e-4 away. Through nine layers; measured 1.4e-3 and less.
     */
    private static final double HALF_PRECISION_GELU = 3e-3;

    private static final int PROMPT = 70;
    private static final int CONTINUATION = 8;

    private static LlamaCpp llamaCpp;

    @TempDir
    Path folder;

    /** One model. */
    record Case(String label, Architecture architecture, ModelShape shape) {
        void write(Path file, BlockFormat format) throws IOException {
            SyntheticModel.of(architecture, shape, WeightMix.uniform(format))
                    .withVocabulary(SyntheticVocabulary.sentencePiece(shape.vocabulary()))
                    .write(file);
        }

        @Override
        public String toString() {
            return architecture.name() + ": " + label;
        }
    }

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

    static Stream<Case> models() {
        ModelShape four = ModelShape.builder().layers(4).build();
        ModelShape partial = four.toBuilder()
                .heads(4, 2, 32)
                .rope(RopeShape.of(10_000).partial(12))
                .tiedOutput(false)
                .build();
        // Factors of rotation, which Gemma 4 uses to leave most of a large head alone.
        ModelShape scaled = four.toBuilder()
                .layers(9)
                .heads(4, 2, 32)
                .rope(new RopeShape(10_000, RopeShape.Scaling.LLAMA3, 8, 32))
                .build();
        return Stream.of(
                new Case("window", new Gemma4Architecture(9, 0, 0, 0, false), scaled),
                new Case(
                        "experts",
                        new Gemma4Architecture(9, 0, 0, 6, true),
                        scaled.toBuilder().layers(3).build()),
                new Case("keys as values", new Gemma4Architecture(20, 0, 0, 0, true), scaled),
                new Case("shared keys and inputs for each layer", new Gemma4Architecture(9, 3, 24, 0, false), scaled),
                new Case(
                        "Mamba 2 and attention",
                        new Mamba2Architecture("granitehybrid", List.of(2), 4, 1, 16, true, 0),
                        four),
                new Case(
                        "experts, groups",
                        new Mamba2Architecture("granitehybrid", List.of(0, 3), 8, 2, 24, true, 6),
                        four),
                new Case("both", new Mamba2Architecture("falcon-h1", List.of(), 8, 2, 16, true, 0), four),
                new Case("no norm", new Mamba2Architecture("falcon-h1", List.of(), 4, 1, 32, false, 0), partial),
                new Case("short convolutions", new Lfm2Architecture(List.of(2), 3, 0), four),
                new Case(
                        "attention first, four taps",
                        new Lfm2Architecture(List.of(0, 3), 4, 0),
                        four.toBuilder().layers(5).heads(8, 1, 8).build()),
                new Case("experts", new Lfm2Architecture(List.of(1, 3), 3, 6), four),
                new Case("heads alike", new DeltaNetArchitecture("qwen35", 4, 2, 2, 16, 0), partial),
                new Case("shared key heads", new DeltaNetArchitecture("qwen35", 2, 6, 2, 16, 0), partial),
                new Case("experts", new DeltaNetArchitecture("qwen35moe", 3, 4, 2, 16, 8), partial),
                new Case("shared key heads", new DeltaNetArchitecture("qwen3next", 4, 6, 2, 16, 4), partial));
    }

    @ParameterizedTest
    @MethodSource("models")
    void logitsAndContinuationAreThoseOfLlamaCpp(Case model) throws IOException {
        Path file = folder.resolve("model.gguf");
        model.write(file, BlockFormat.F32);
        int[] prompt = tokens(31, model);
        float[][] expected = llamaCpp.logits(file, prompt);
        boolean gelu = model.architecture.name().startsWith("gemma");
        double tolerance = (gelu ? HALF_PRECISION_GELU : ROUNDING) * largest(expected);
        for (Kernels kernels : new Kernels[] {KernelProvider.scalar(), KernelProvider.best()}) {
            try (BareModel ours = new BareModel(file, gelu ? LookedUpGelu.over(kernels) : kernels, 2)) {
                for (int chunk : new int[] {64, 7, 1}) {
                    float[][] logits = ours.logits(prompt, chunk);
                    for (int i = 0; i < prompt.length; i++) {
                        assertThat(BareModel.largestDifference(logits[i], expected[i]))
                                .as("%s kernels, chunks of %d, position %d", kernels.name(), chunk, i)
                                .isLessThan(tolerance);
                    }
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
    void sequencesInOnePassAndAfterAPassThatFailedGetTheLogitsThatTheyGetAlone(Case model) throws IOException {
        Path file = folder.resolve("model.gguf");
        model.write(file, BlockFormat.Q8_0);
        int[] a = tokens(31, model);
        int[] b = tokens(47, model);
        try (BareModel ours = new BareModel(file, KernelProvider.best(), 2)) {
            float[][] aAlone = ours.logits(a, 64);
            float[][] bAlone = ours.logits(b, 64);
            double tolerance = 1e-4 * largest(aAlone);
            try (SequenceCache first = ours.sequence(PROMPT);
                    SequenceCache second = ours.sequence(PROMPT)) {
                int a5 = ours.add(first, a, 0, 5);
                int b1 = ours.add(second, b, 0, 1);
                ours.forward();
                assertThat(BareModel.largestDifference(ours.logits(a5 + 4), aAlone[4]))
                        .isLessThan(tolerance);
                assertThat(BareModel.largestDifference(ours.logits(b1), bAlone[0]))
                        .isLessThan(tolerance);
                // A pass whose results are thrown away, as when it is abandoned.
                ours.add(first, b, 5, 30);
                ours.add(second, a, 1, 9);
                assertThat(ours.model.forward(ours.pass)).isTrue();
                first.rollback(30);
                second.rollback(9);
                ours.batch.clear(() -> false);

                int b40 = ours.add(second, b, 1, 39);
                int a6 = ours.add(first, a, 5, 1);
                ours.forward();
                assertThat(BareModel.largestDifference(ours.logits(b40 + 38), bAlone[39]))
                        .isLessThan(tolerance);
                assertThat(BareModel.largestDifference(ours.logits(a6), aAlone[5]))
                        .isLessThan(tolerance);
            }
        }
    }

    private static int[] tokens(int step, Case model) {
        int[] tokens = new int[PROMPT];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = 3 + i * i * step % (model.shape().vocabulary() - 3);
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
