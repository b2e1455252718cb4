package org.llmspell.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.speed.SpeedSamples;
import org.llmspell.engine.speed.SpeedTest;

/**
 * Both engines on one file, in turns, and the machine's memory between them.
 *
 * @param tests at least one
 */
record Comparison(Setup setup, List<SpeedTest> tests, int rounds, PrintStream err) {
    /** Of a processor while an engine computes: if others take more, the figure is worth nothing. */
    private static final double IDLE = 0.05;

    private static final double MEBIBYTE = 1 << 20;

    /**
     * How both engines are run.
     *
     * @param kernels of this engine, null for the fastest
     * @param llama folder of llama.cpp's libraries
     * @param variant of llama.cpp's CPU backend, {@code auto} for its own choice
     */
    record Setup(int threads, @Nullable String kernels, Path llama, String variant) {
        Map<String, String> environment() {
            return kernels == null ? Map.of() : Map.of("LLMSPELL_KERNELS", kernels);
        }
    }

    /**
     * What came out for one file.
     *
     * @param figures of the tests in their order, then of memory
     * @param readGbps billions of bytes that all threads together read in a second
     * @param decodeShare of that which making tokens at depth 0 uses, where it was tested
     */
    record Result(String ours, String theirs, List<Figures> figures, double readGbps, OptionalDouble decodeShare) {}

    Result run(Path file) throws IOException {
        String context = String.valueOf(SpeedTest.contextLength(tests));
        String threads = String.valueOf(setup.threads());
        long tokenBytes = TokenBytes.of(file);
        try (EngineProcess ours = new EngineProcess(
                        "llmspell",
                        OurEngine.class,
                        List.of("-XX:Tier3DelayOn=0"), // as the launcher has it
                        setup.environment(),
                        file.toString(),
                        threads,
                        context);
                EngineProcess theirs = new EngineProcess(
                        "llama.cpp",
                        LlamaEngine.class,
                        List.of("-XX:TieredStopAtLevel=1"),
                        Map.of(),
                        setup.llama().toString(),
                        setup.variant(),
                        file.toString(),
                        threads,
                        context);
                FileReading memory = new FileReading(file, setup.threads())) {
            err.println(ours.describe() + " beside " + theirs.describe() + ", " + threads + " threads");
            for (SpeedTest test : tests) {
                ours.warmUp(test);
                theirs.warmUp(test);
            }
            double[][] mine = new double[tests.size()][rounds];
            double[][] other = new double[tests.size()][rounds];
            double read = 0;
            for (int round = 0; round < rounds; round++) {
                for (int t = 0; t < tests.size(); t++) {
                    SpeedTest test = tests.get(t);
                    // Who comes first changes from round to round.
                    if (round % 2 == 0) {
                        mine[t][round] = measure(ours, theirs, test);
                        other[t][round] = measure(theirs, ours, test);
                    } else {
                        other[t][round] = measure(theirs, ours, test);
                        mine[t][round] = measure(ours, theirs, test);
                    }
                    err.printf(
                            Locale.ROOT,
                            "round %d of %d, %s: %.1f and %.1f tokens/s%n",
                            round + 1,
                            rounds,
                            test,
                            mine[t][round],
                            other[t][round]);
                }
                read = Math.max(read, memory.bytesPerSecond());
            }
            List<Figures> figures = new ArrayList<>();
            OptionalDouble share = OptionalDouble.empty();
            for (int t = 0; t < tests.size(); t++) {
                SpeedTest test = tests.get(t);
                double median = new SpeedSamples(test, mine[t]).median();
                figures.add(Figures.moreIsBetter(
                        test.name(), "tokens/s", median, new SpeedSamples(test, other[t]).median()));
                if (test.kind() == SpeedTest.Kind.GENERATION && test.depth() == 0 && share.isEmpty()) {
                    share = OptionalDouble.of(median * tokenBytes / read);
                }
            }
            figures.add(
                    Figures.lessIsBetter(Compare.MEMORY, "MiB", ours.memory() / MEBIBYTE, theirs.memory() / MEBIBYTE));
            return new Result(ours.describe(), theirs.describe(), figures, read / 1e9, share);
        }
    }

    private double measure(EngineProcess engine, EngineProcess waiting, SpeedTest test) throws IOException {
        Duration before = waiting.processorTime();
        OtherLoad load = new OtherLoad(engine, waiting);
        long start = System.nanoTime();
        double speed = engine.measure(test);
        double awake = (double) waiting.processorTime().minus(before).toNanos() / (System.nanoTime() - start);
        note(awake, "the waiting " + waiting.describe(), test);
        note(load.share(), "other programs", test);
        return speed;
    }

    private void note(double share, String who, SpeedTest test) {
        if (share > IDLE) {
            err.printf(Locale.ROOT, "note: during %s %s used %.0f%% of a processor%n", test, who, 100 * share);
        }
    }
}
