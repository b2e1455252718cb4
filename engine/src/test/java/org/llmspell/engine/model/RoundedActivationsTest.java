package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.x86.X86Kernels;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/**
 * Models whose every product rounds its activations to 8 bits, as large models' products do where that is faster: as near to
 * the float64 reference as llama.cpp, which rounds too.
 */
class RoundedActivationsTest {
    /** Two roundings of one kind differ in the largest of 16,000 errors; measured up to 1.05. */
    private static final double SAME = 1.25;

    private static Kernels rounding;

    @BeforeAll
    static void assemble() {
        try {
            rounding = X86Kernels.assemble(KernelProvider.portable(), 0);
        } catch (X86Kernels.Unavailable e) {
            Assumptions.abort("no kernels that round here: " + e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-q4_0", "llama-q8_0", "llama-q4_k", "llama-q5_k", "llama-q6_k"})
    void logitsAreAsNearToTheReferenceAsThoseOfLlamaCpp(String name) {
        JsonNode goldens = TestData.json("models/tiny_random/goldens.json");
        double theirs = StreamSupport.stream(goldens.get("models").spliterator(), false)
                .filter(model -> model.get("name").asString().equals(name))
                .findFirst()
                .orElseThrow()
                .get("llama_cpp_2025_02")
                .get("max_abs_logit_diff")
                .asDouble();
        Path path = TestData.path("models/tiny_random/" + name + ".gguf");
        float[] reference = TestData.floats("models/tiny_random/logits/" + name + ".f32.bin");
        int[] prompt = Goldens.ints(goldens.get("prompt_ids"));
        try (BareModel model = new BareModel(path, rounding, 2)) {
            float[][] whole = model.logits(prompt, prompt.length);
            float[][] single = model.logits(prompt, 1);
            double most = 0;
            for (int i = 0; i < prompt.length; i++) {
                int vocabulary = whole[i].length;
                float[] expected = Arrays.copyOfRange(reference, i * vocabulary, (i + 1) * vocabulary);
                most = Math.max(most, BareModel.largestDifference(whole[i], expected));
                // Many rows are summed in another order. The last bit that differs turns an 8-bit rounding here and
                // there, which is
                // an error of the kind and size that both make anyway.
                assertThat(BareModel.largestDifference(whole[i], single[i])).isLessThan(SAME * theirs);
            }
            assertThat(most).isBetween(1e-4, SAME * theirs);
        }
    }
}
