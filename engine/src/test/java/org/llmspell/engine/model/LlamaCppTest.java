package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.testing.LlamaCpp;
import org.llmspell.testing.LlamaCpp.Pooling;
import org.llmspell.testing.TestData;

/**
 * The reference that other tests compare with: it answers as the float64 references do, and survives what it refuses. (Not
 * for phi3, whose sliding window llama.cpp leaves out.)
 */
class LlamaCppTest {
    private static LlamaCpp llamaCpp;

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

    @ParameterizedTest
    @ValueSource(strings = {"llama-gqa", "llama-moe-4x2", "qwen2", "gemma", "gemma2"})
    void logitsAgreeWithTheFloat64Reference(String name) {
        Path path = TestData.path("models/tiny_random/" + name + ".gguf");
        float[] reference = TestData.floats("models/tiny_random/logits/" + name + ".f32.bin");
        int[] prompt =
                Goldens.ints(TestData.json("models/tiny_random/goldens.json").get("prompt_ids"));

        float[][] logits = llamaCpp.logits(path, prompt);

        for (int i = 0; i < prompt.length; i++) {
            int vocabulary = logits[i].length;
            float[] expected = Arrays.copyOfRange(reference, i * vocabulary, (i + 1) * vocabulary);
            // llama.cpp looks GELU up by half-precision arguments
            assertThat(BareModel.largestDifference(logits[i], expected))
                    .as("position %d", i)
                    .isLessThan(5e-3);
        }
    }

    @Test
    void greedyContinuationIsOurs() {
        Path path = TestData.path("models/stories260K/stories260K-f32.gguf");
        int[] prompt = llamaCpp.tokenize(path, "Once upon a time", true, false);

        int[] continuation = llamaCpp.greedy(path, prompt, 12);

        try (BareModel model = new BareModel(path, KernelProvider.best(), 1)) {
            for (int i = 0; i < continuation.length; i++) {
                float[] logits = model.logits(prompt, prompt.length)[prompt.length - 1];
                int best = 0;
                for (int id = 1; id < logits.length; id++) {
                    best = logits[id] > logits[best] ? id : best;
                }
                assertThat(continuation[i]).isEqualTo(best);
                prompt = Arrays.copyOf(prompt, prompt.length + 1);
                prompt[prompt.length - 1] = best;
            }
        }
    }

    @Test
    void poolingOfAChatModelAveragesItsTokens() {
        Path path = TestData.path("models/stories260K/stories260K-f32.gguf");
        int[] first = llamaCpp.tokenize(path, "Once upon a time", true, false);
        int[] second = {1, 400, 300};

        float[][] mean = llamaCpp.embed(path, List.of(first, second), Pooling.MEAN);
        float[][] tokens = llamaCpp.embed(path, List.of(second), Pooling.NONE);

        assertThat(mean).hasNumberOfRows(2);
        for (int i = 0; i < mean[1].length; i++) {
            assertThat(mean[1][i]).isCloseTo((tokens[0][i] + tokens[1][i] + tokens[2][i]) / 3, offset(1e-4f));
        }
    }

    @Test
    void quantizesAndGoesOnAfterARefusal(@TempDir Path folder) throws Exception {
        Path path = TestData.path("models/stories260K/stories260K-f32.gguf");
        Path quantized = folder.resolve("q8_0.gguf");

        assertThatThrownBy(() -> llamaCpp.logits(folder.resolve("absent.gguf"), new int[] {1}))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("absent.gguf");
        int mostlyQ8 = 7;
        llamaCpp.quantize(path, quantized, mostlyQ8, false);

        assertThat(Files.size(quantized)).isLessThan(Files.size(path) / 2);
    }
}
