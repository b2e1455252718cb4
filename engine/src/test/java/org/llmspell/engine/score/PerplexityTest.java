package org.llmspell.engine.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.engine.Engine;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.EngineOptions;
import org.llmspell.engine.ModelLease;
import org.llmspell.engine.quantize.ModelQuantizer;
import org.llmspell.engine.quantize.QuantizationPlan;
import org.llmspell.engine.quantize.Recipe;
import org.llmspell.gguf.GgufFile;
import org.llmspell.testing.LlamaCpp;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** Log-probabilities and perplexities against those that follow from llama.cpp's logits. */
@Timeout(60)
class PerplexityTest {
    @TempDir
    static Path folder;

    private static Engine engine;
    private static LlamaCpp llamaCpp;

    @BeforeAll
    static void start() {
        engine = new Engine(new EngineOptions(2, Duration.ofSeconds(-1), 30, null));
        llamaCpp = LlamaCpp.start();
    }

    @AfterAll
    static void stop() {
        engine.close();
        if (llamaCpp != null) {
            llamaCpp.close();
        }
    }

    private static Path stories(String variant) {
        return TestData.path("models/stories260K/stories260K-" + variant + ".gguf");
    }

    /** What the trained model writes itself, some 400 tokens. */
    private static int[] story() {
        List<Integer> ids = new ArrayList<>(List.of(1));
        JsonNode runs = TestData.json("models/stories260K/goldens.json")
                .get("variants")
                .get("f32")
                .get("runs");
        for (JsonNode run : runs) {
            run.get("greedy_ids").forEach(id -> ids.add(id.asInt()));
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    /** The definition, in double, from logits of a whole window. */
    private static double[] expected(Path file, int[] tokens, int start, int length, int from) {
        int[] window = Arrays.copyOfRange(tokens, start, start + length);
        window[0] = 1;
        float[][] logits = llamaCpp.logits(file, window);
        double[] expected = new double[length - from];
        for (int i = from; i < length; i++) {
            double sum = 0;
            for (float logit : logits[i - 1]) {
                sum += Math.exp(logit);
            }
            expected[i - from] = logits[i - 1][window[i]] - Math.log(sum);
        }
        return expected;
    }

    private static List<Perplexity.Window> windows(Path file, int[] tokens, Perplexity.Options options)
            throws InterruptedException {
        List<Perplexity.Window> windows = new ArrayList<>();
        try (ModelLease model = engine.open(file, null)) {
            Perplexity.of(model, tokens, options, windows::add);
        }
        return windows;
    }

    /** The model with its weights as float32: with others llama.cpp rounds activations to their precision, or to 8 bits. */
    private static Path widened(String variant) throws IOException {
        Path copy = folder.resolve(variant + "-as-f32.gguf");
        try (GgufFile file = GgufFile.open(stories(variant))) {
            QuantizationPlan plan = QuantizationPlan.of(file, Recipe.F32, true, true);
            ModelQuantizer.run(plan, copy, 1, (done, total) -> {});
        }
        return copy;
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "f16", "bf16", "q8_0", "q4_0", "mxfp4"})
    void windowsOfATrainedModelHaveTheLogProbabilitiesOfLlamaCpp(String variant) throws Exception {
        int[] tokens = story();
        Path reference = widened(variant);
        List<Perplexity.Window> windows = windows(stories(variant), tokens, new Perplexity.Options(64, 0, 256, 0));

        assertThat(windows).hasSize(tokens.length / 64);
        double sum = 0;
        int count = 0;
        for (Perplexity.Window window : windows) {
            double[] expected = expected(reference, tokens, window.start(), 64, 33);
            assertThat(window.start()).isEqualTo(64 * (window.number() - 1));
            assertThat(window.firstCounted()).isEqualTo(window.start() + 33);
            assertThat(window.ids()).isEqualTo(Arrays.copyOfRange(tokens, window.start() + 33, window.start() + 64));
            assertThat(window.logProbabilities()).hasSize(31);
            for (int i = 0; i < 31; i++) {
                assertThat(window.logProbabilities()[i])
                        .as("window %d, token %d", window.number(), i)
                        .isCloseTo(expected[i], within(1e-4));
                sum -= expected[i];
                count++;
            }
            double perplexity = Math.exp(sum / count);
            assertThat(window.soFar().tokens()).isEqualTo(count);
            assertThat(window.soFar().perplexity()).isCloseTo(perplexity, within(1e-5 * perplexity));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-gqa", "llama-tied-mha", "llama-mqa", "llama-moe-4x2", "llama-rope-freqs", "qwen2"})
    void randomModelsHaveTheLogProbabilitiesOfLlamaCpp(String name) throws InterruptedException {
        Path file = TestData.path("models/tiny_random/" + name + ".gguf");
        int[] tokens =
                IntStream.range(0, 64).map(i -> 3 + (i * i * 31 + 17 * i) % 200).toArray();
        try (ModelLease model = engine.open(file, null);
                ModelLease.Scoring scoring = model.scoring(2, 32, 20)) {
            int[] first = Arrays.copyOfRange(tokens, 0, 32);
            int[] second = Arrays.copyOfRange(tokens, 32, 64);
            double[][] scores = scoring.logProbabilities(List.of(first, second), 1);
            for (int w = 0; w < 2; w++) {
                int[] window = w == 0 ? first : second;
                float[][] logits = llamaCpp.logits(file, window);
                for (int i = 1; i < 32; i++) {
                    double sum = 0;
                    for (float logit : logits[i - 1]) {
                        sum += Math.exp(logit);
                    }
                    assertThat(scores[w][i - 1])
                            .as("window %d, token %d", w, i)
                            .isCloseTo(logits[i - 1][window[i]] - Math.log(sum), within(1e-3));
                }
            }
        }
    }

    @Test
    void aStrideMovesTheWindowAndCountsItsEnd() throws InterruptedException {
        int[] tokens = Arrays.copyOf(story(), 200);
        List<Perplexity.Window> windows = windows(stories("f32"), tokens, new Perplexity.Options(64, 20, 256, 0));

        // ⌈(200 − 64) / 20⌉
        assertThat(windows).hasSize(7);
        for (Perplexity.Window window : windows) {
            assertThat(window.start()).isEqualTo(20 * (window.number() - 1));
            double[] expected = expected(stories("f32"), tokens, window.start(), 64, 44);
            assertThat(window.logProbabilities()).hasSize(20);
            for (int i = 0; i < 20; i++) {
                assertThat(window.logProbabilities()[i]).isCloseTo(expected[i], within(1e-4));
            }
        }
    }

    @Test
    void theErrorIsTheStandardErrorOfTheMean() throws InterruptedException {
        List<Perplexity.Window> windows = windows(stories("f32"), story(), new Perplexity.Options(64, 0, 256, 2));
        double[] all = windows.stream()
                .flatMapToDouble(window -> Arrays.stream(window.logProbabilities()))
                .toArray();

        assertThat(all).hasSize(62);
        double mean = -Arrays.stream(all).average().orElseThrow();
        double variance =
                Arrays.stream(all).map(p -> (p + mean) * (p + mean)).average().orElseThrow();
        Perplexity.Estimate estimate = windows.getLast().soFar();
        assertThat(estimate.perplexity()).isCloseTo(Math.exp(mean), within(1e-9));
        assertThat(estimate.error()).isCloseTo(Math.exp(mean) * Math.sqrt(variance / 61), within(1e-9));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 33, 64, 128, 1000})
    void howManyTokensAreComputedAtOnceMakesNoDifference(int batch) throws InterruptedException {
        List<Perplexity.Window> alone = windows(stories("f32"), story(), new Perplexity.Options(64, 0, 64, 3));
        List<Perplexity.Window> windows = windows(stories("f32"), story(), new Perplexity.Options(64, 0, batch, 3));

        assertThat(windows).hasSize(3);
        for (int w = 0; w < 3; w++) {
            for (int i = 0; i < 31; i++) {
                assertThat(windows.get(w).logProbabilities()[i])
                        .isCloseTo(alone.get(w).logProbabilities()[i], within(1e-5));
            }
        }
    }

    @Test
    void aTextThatIsTooShortSaysHowLongItMustBe() throws InterruptedException {
        assertThatThrownBy(() -> windows(stories("f32"), new int[127], new Perplexity.Options(64, 0, 256, 0)))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.INVALID_OPTION))
                .hasMessage("The text has 127 tokens; with windows of 64 it needs at least 128");
        assertThat(windows(stories("f32"), Arrays.copyOf(story(), 128), new Perplexity.Options(64, 0, 256, 0)))
                .hasSize(2);
    }

    @Test
    void aWindowLongerThanTheModelsContextIsRefused() {
        assertThatThrownBy(() -> windows(stories("f32"), new int[100_000], new Perplexity.Options(30_000, 0, 256, 0)))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.CONTEXT_EXCEEDED));
    }

    @ParameterizedTest
    @CsvSource({"3, 0, 1, 0", "64, 64, 1, 0", "64, -1, 1, 0", "64, 0, 0, 0", "64, 0, 1, -1"})
    void optionsOutOfRangeAreRefused(int context, int stride, int batch, int chunks) {
        assertThatThrownBy(() -> new Perplexity.Options(context, stride, batch, chunks))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.INVALID_OPTION));
    }

    @Test
    void aTokenThatIsNotInTheVocabularyIsRefused() {
        int[] tokens = story();
        tokens[70] = 512;
        assertThatThrownBy(() -> windows(stories("f32"), tokens, new Perplexity.Options(64, 0, 256, 0)))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("512");
    }

    @Test
    void interruptingTheThreadCancels() throws InterruptedException {
        try (ModelLease model = engine.open(stories("f32"), null);
                ModelLease.Scoring scoring = model.scoring(1, 64, 64)) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> scoring.logProbabilities(List.of(Arrays.copyOf(story(), 64)), 1))
                    .isInstanceOf(CancellationException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
