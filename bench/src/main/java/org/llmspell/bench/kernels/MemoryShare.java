package org.llmspell.bench.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.llmspell.kernels.ReadBandwidth;
import org.llmspell.kernels.WorkerPool;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Beside every throughput of products and attention: GB/s of weights or cache, which share that is of what as many threads read of
 * memory just before, and GFLOP/s. Shares of one run can be compared on a machine that is not alone, its absolute figures hardly.
 */
public final class MemoryShare implements InternalProfiler {
    private static final String DEFAULT_MEGABYTES = "256";

    /** Threads that have just been started, and code that is not compiled yet, read more slowly than memory allows. */
    private static final int PASSES = 5;

    private final ReadBandwidth reading = new ReadBandwidth();
    private final MemorySegment memory;
    private double readBytesPerSecond;

    /** Reads as much memory as is much more than the caches of most processors. */
    public MemoryShare() {
        this(DEFAULT_MEGABYTES);
    }

    /** @param megabytes how many MiB to read, in digits; what {@code -prof NAME:MEGABYTES} gives */
    public MemoryShare(String megabytes) {
        String number = megabytes.isBlank() ? DEFAULT_MEGABYTES : megabytes;
        memory = Arena.ofAuto().allocate(Long.parseLong(number) << 20).fill((byte) 1);
    }

    @Override
    public String getDescription() {
        return "GB/s of weights, their share of what memory gives, and GFLOP/s";
    }

    @Override
    public void beforeIteration(BenchmarkParams params, IterationParams iteration) {
        if (work(params).isPresent()) {
            try (WorkerPool workers = new WorkerPool(params.getThreads())) {
                readBytesPerSecond = 0;
                for (int pass = 0; pass < PASSES; pass++) {
                    readBytesPerSecond = Math.max(readBytesPerSecond, reading.measure(memory, workers));
                }
            }
        }
    }

    @Override
    @SuppressWarnings("rawtypes") // as the interface has it
    public Collection<? extends Result> afterIteration(
            BenchmarkParams params, IterationParams iteration, IterationResult result) {
        return work(params).map(work -> figures(params, result, work)).orElse(List.of());
    }

    private static Optional<Work> work(BenchmarkParams params) {
        return params.getMode() == Mode.Throughput ? Work.of(params) : Optional.empty();
    }

    private List<ScalarResult> figures(BenchmarkParams params, IterationResult result, Work work) {
        double perSecond = result.getPrimaryResult().getScore()
                * TimeUnit.SECONDS.toNanos(1)
                / params.getTimeUnit().toNanos(1);
        double bytes = perSecond * work.bytes();
        return List.of(
                average("read", bytes / 1e9, "GB/s"),
                average("memory", 100 * bytes / readBytesPerSecond, "%"),
                average("computed", perSecond * work.operations() / 1e9, "GFLOP/s"));
    }

    private static ScalarResult average(String label, double value, String unit) {
        return new ScalarResult(label, value, unit, AggregationPolicy.AVG);
    }
}
