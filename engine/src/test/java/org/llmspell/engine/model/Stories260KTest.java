package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.Kernels;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** A small trained model in ten formats against float64 references: prompt logits and greedy continuations. */
class Stories260KTest {
    private static final String FOLDER = "models/stories260K/";

    /** Float32 arithmetic on logits of order 10; measured 7e-6. */
    private static final double TOLERANCE = 1e-4;

    /** The two likeliest tokens of the reference are closer than this at some steps only; there float32 may choose the other. */
    private static final double GAP = 2 * TOLERANCE;

    /** The scalar kernels take their time; the whole text is for the ones that people use. */
    private static final int SCALAR_TOKENS = 40;

    static Stream<String> variants() {
        return TestData.json(FOLDER + "goldens.json").get("variants").propertyNames().stream();
    }

    @ParameterizedTest
    @MethodSource("variants")
    void promptLogitsAndGreedyTextAgreeWithTheReference(String variant) {
        JsonNode goldens = TestData.json(FOLDER + "goldens.json");
        JsonNode golden = goldens.get("variants").get(variant);
        for (Kernels kernels : new Kernels[] {KernelProvider.scalar(), KernelProvider.best()}) {
            try (BareModel model =
                    new BareModel(TestData.path(FOLDER + golden.get("file").asString()), kernels, 2)) {
                for (JsonNode run : golden.get("runs")) {
                    int number = run.get("prompt").asInt();
                    int[] prompt =
                            Goldens.ints(goldens.get("prompts").get(number).get("ids"));
                    float[] reference = TestData.floats(
                            FOLDER + run.get("prompt_logits").get("file").asString());
                    float[][] logits = model.logits(prompt, BareModel.ROWS);
                    for (int i = 0; i < prompt.length; i++) {
                        float[] expected = Arrays.copyOfRange(reference, i * 512, (i + 1) * 512);
                        assertThat(BareModel.largestDifference(logits[i], expected))
                                .as("%s kernels, prompt %d, position %d", kernels.name(), number, i)
                                .isLessThan(TOLERANCE);
                    }
                    int[] expected = Goldens.ints(run.get("greedy_ids"));
                    if (kernels.name().equals("scalar")) {
                        expected = Arrays.copyOf(expected, SCALAR_TOKENS);
                    }
                    int certain = Math.min(expected.length, certain(run.get("top1_top2_gap")));
                    assertThat(Arrays.copyOf(model.greedy(prompt, expected.length), certain))
                            .as("%s kernels, prompt %d", kernels.name(), number)
                            .isEqualTo(Arrays.copyOf(expected, certain));
                }
            }
        }
    }

    /** How many steps have a clear winner. */
    private static int certain(JsonNode gaps) {
        int certain = 0;
        while (certain < gaps.size() && gaps.get(certain).asDouble() > GAP) {
            certain++;
        }
        return certain;
    }

    @Test
    void aModelInThreePartsIsTheSameModel() {
        int[] prompt = {1, 403, 407, 261, 378};
        try (BareModel whole = new BareModel(TestData.path(FOLDER + "stories260K-f32.gguf"), KernelProvider.best(), 1);
                BareModel split = new BareModel(
                        TestData.path("models/split/stories260K-f32-00001-of-00003.gguf"), KernelProvider.best(), 1)) {
            float[][] expected = whole.logits(prompt, 64);
            float[][] logits = split.logits(prompt, 64);
            for (int i = 0; i < prompt.length; i++) {
                assertThat(BareModel.largestDifference(logits[i], expected[i])).isLessThan(TOLERANCE);
            }
        }
    }
}
