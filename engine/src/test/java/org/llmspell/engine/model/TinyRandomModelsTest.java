package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.Kernels;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** Logits of random models of every architecture and format against float64 references at every position. */
class TinyRandomModelsTest {
    /** Float32 sums over a few hundred terms of order 1, through two to 26 layers; measured 1e-5 and less. */
    private static final double TOLERANCE = 1e-4;

    static Stream<String> models() {
        JsonNode models = TestData.json("models/tiny_random/goldens.json").get("models");
        return StreamSupport.stream(models.spliterator(), false)
                .map(model -> model.get("name").asString());
    }

    @ParameterizedTest
    @MethodSource("models")
    void logitsAgreeWithTheReferenceHoweverThePromptIsCut(String name) {
        Path path = TestData.path("models/tiny_random/" + name + ".gguf");
        float[] reference = TestData.floats("models/tiny_random/logits/" + name + ".f32.bin");
        int[] prompt =
                Goldens.ints(TestData.json("models/tiny_random/goldens.json").get("prompt_ids"));
        for (Kernels kernels : new Kernels[] {KernelProvider.scalar(), KernelProvider.best()}) {
            try (BareModel model = new BareModel(path, kernels, 2)) {
                for (int chunk : new int[] {prompt.length, 7, 1}) {
                    float[][] logits = model.logits(prompt, chunk);
                    for (int i = 0; i < prompt.length; i++) {
                        int vocabulary = logits[i].length;
                        float[] expected = Arrays.copyOfRange(reference, i * vocabulary, (i + 1) * vocabulary);
                        assertThat(BareModel.largestDifference(logits[i], expected))
                                .as("%s kernels, chunks of %d, position %d", kernels.name(), chunk, i)
                                .isLessThan(TOLERANCE);
                    }
                }
            }
        }
    }
}
