package org.llmspell.engine;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.kernels.KernelProvider;

/** What tests of the engine share: tiny models, engines with given memory, and reading to the end. */
@Timeout(60) // a hang is a failure, not a wait
abstract class EngineTestBase {
    static final Duration FOR_EVER = Duration.ofSeconds(-1);
    static final EngineOptions OPTIONS = new EngineOptions(2, FOR_EVER, 2, null);

    /** No token ends the reply. */
    static final Map<Integer, Double> ENDLESS = Map.of(TinyModel.EOS, -1000.0);

    @TempDir
    Path folder;

    static Engine engine(EngineOptions options) {
        return new Engine(options, KernelProvider.best(), () -> 1L << 30, true);
    }

    static Engine engineWithoutSharing() {
        return new Engine(OPTIONS, KernelProvider.best(), () -> 1L << 30, false);
    }

    static SamplingOptions endless(int maxTokens) {
        return Options.bias(Options.greedy(maxTokens), ENDLESS);
    }

    /** BOS and {@code count − 1} letters that depend on {@code seed}. */
    static int[] prompt(int seed, int count) {
        int[] letters = IntStream.range(0, count)
                .map(i -> TinyModel.letter((char) ('a' + (i * i * 7 + i * seed + seed) % 26)))
                .toArray();
        letters[0] = TinyModel.BOS;
        return letters;
    }

    static String read(Generation generation) throws InterruptedException {
        StringBuilder text = new StringBuilder();
        for (Generation.Chunk chunk = generation.next(); chunk != null; chunk = generation.next()) {
            text.append(chunk.text());
        }
        return text.toString();
    }

    static String reply(ModelLease model, int[] prompt, SamplingOptions options) throws InterruptedException {
        try (Generation generation = model.generate(prompt, options, null)) {
            return read(generation);
        }
    }

    /** Waits for something that another thread does soon. */
    static void await(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 20_000 && !condition.getAsBoolean(); i++) {
            Thread.sleep(1);
        }
        if (!condition.getAsBoolean()) {
            throw new AssertionError("it did not happen within 20 s");
        }
    }
}
