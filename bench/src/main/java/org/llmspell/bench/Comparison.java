package org.llmspell.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
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
import org.llmspell.kernels.ReadBandwidth;
import org.llmspell.kernels.WorkerPool;

/**
 * Both engines on one file, in turns, and the machine's memory between them.
 *
 * @param variant of llama.cpp's CPU backend, {@code auto} for its own choice
 * @param kernels of this engine, null for the fastest
 */
record Comparison(
        List<SpeedTest> tests,
        int rounds,
        int threads,
        @Nullable String kernels,
        Path llama,
        String variant,
        PrintStream err) {
    /** Of the processor while the other engine computes: more, and the measurement is worth nothing. */
    private static final double IDLE = 0.02;

    /**
     * A test's medians.
     *
     * @param ours tokens per second
     * @param theirs tokens per second
     */
    record Figures(String test, double ours, double theirs) {
        double ratio() {
            return ours / theirs;
        }
    }

    /**
     * What came out for one file.
     *
     * @param readGbps billions of bytes that all threads together read in a second
     * @param decodeShare of that which making tokens at depth 0 uses, where it was tested
     */
    record Result(
            String model,
            String ours,
            String theirs,
            List<Figures> figures,
            double readGbps,
            OptionalDouble decodeShare) {}

    Result run(String name, Path file) throws IOException {
        if (!Files.exists(llama.resolve("libllama." + LlamaCpp.VERSION + ".so"))) {
            throw new BenchException("llama.cpp is absent from " + llama + "; tools/llama-cpp.sh fetches it");
        }
        int contextLength = SpeedTest.contextLength(tests);
        long tokenBytes = TokenBytes.of(file);
        Map<String, String> environment = kernels == null ? Map.of() : Map.of("LLMSPELL_KERNELS", kernels);
        err.println(name + ": loading");
        try (EngineProcess ours = new EngineProcess(
                        "llmspell",
                        OurEngine.class,
                        List.of(),
                        environment,
                        file.toString(),
                        String.valueOf(threads),
                        String.valueOf(contextLength));
                EngineProcess theirs = new EngineProcess(
                        "llama.cpp",
                        LlamaEngine.class,
                        List.of("-XX:TieredStopAtLevel=1"),
                        Map.of(),
                        llama.toString(),
                        variant,
                        file.toString(),
                        String.valueOf(threads),
                        String.valueOf(contextLength));
                Memory memory = new Memory(file, threads)) {
            err.println(name + ": " + ours.describe() + " beside " + theirs.describe() + ", " + threads + " threads");
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
                            "%s: round %d of %d, %s: %.1f and %.1f tokens/s%n",
                            name,
                            round + 1,
                            rounds,
                            test,
                            mine[t][round],
                            other[t][round]);
                }
                read = Math.max(read, memory.read());
            }
            List<Figures> figures = new ArrayList<>();
            OptionalDouble share = OptionalDouble.empty();
            for (int t = 0; t < tests.size(); t++) {
                SpeedTest test = tests.get(t);
                figures.add(new Figures(test.name(), new SpeedSamples(test, mine[t]).median(), new SpeedSamples(test, other[t]).median()));
                if (test.kind() == SpeedTest.Kind.GENERATION && test.depth() == 0 && share.isEmpty()) {
                    share = OptionalDouble.of(new SpeedSamples(test, mine[t]).median() * tokenBytes / read);
                }
            }
            return new Result(name, ours.describe(), theirs.describe(), figures, read / 1e9, share);
        }
    }

    private double measure(EngineProcess engine, EngineProcess waiting, SpeedTest test) throws IOException {
        Duration before = waiting.processorTime();
        long start = System.nanoTime();
        double speed = engine.measure(test);
        double busy = (double) waiting.processorTime().minus(before).toNanos() / (System.nanoTime() - start);
        if (busy > IDLE) {
            err.printf(
                    Locale.ROOT,
                    "note: while %s ran %s, %s used %.0f%% of a processor%n",
                    engine.describe(),
                    test,
                    waiting.describe(),
                    100 * busy);
        }
        return speed;
    }

    /** The model's file as memory to be read, so that it is read under the conditions that the engines have. */
    private static final class Memory implements AutoCloseable {
        private final Arena arena = Arena.ofShared();
        private final MemorySegment file;
        private final WorkerPool workers;
        private final ReadBandwidth bandwidth = new ReadBandwidth();

        Memory(Path path, int threads) throws IOException {
            try (FileChannel channel = FileChannel.open(path)) {
                file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            }
            workers = new WorkerPool(threads);
            bandwidth.measure(file, workers); // maps its pages
        }

        /** Bytes per second. */
        double read() {
            return bandwidth.measure(file, workers);
        }

        @Override
        public void close() {
            workers.close();
            arena.close();
        }
    }
}
