package org.llmspell.bench.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.llmspell.kernels.AttentionCall;
import org.llmspell.kernels.CacheFormat;
import org.llmspell.kernels.Kernels;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Attention of one row, as in making tokens, and of many, as in reading a prompt, after positions that are there. */
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CausalAttention {
    private static final int PAGE_TOKENS = 64;

    /** Each thread has a cache of its own. */
    @State(Scope.Thread)
    @SuppressWarnings("NullAway.Init") // made before it is used
    public static class Cache {
        @Param({"HALF", "BYTES"})
        public CacheFormat cache = CacheFormat.HALF;

        /** Query rows, the last of the positions. */
        @Param({"1", "64"})
        public int rows;

        @Param("2048")
        public int positions;

        @Param("8")
        public int kvHeads;

        /** Query heads that share a key-value head. */
        @Param("4")
        public int group;

        @Param("128")
        public int dimension;

        private AttentionCall call;

        /** Fills the cache. */
        @Setup
        public void fill(ChosenKernels kernels) {
            if (positions < rows) {
                throw new IllegalStateException("the rows are the last of the positions, which are fewer");
            }
            int width = kvHeads * group * dimension;
            int pages = Math.ceilDiv(positions, PAGE_TOKENS);
            call = new AttentionCall(
                    kvHeads * group,
                    kvHeads,
                    dimension,
                    dimension,
                    PAGE_TOKENS,
                    cache,
                    RandomMatrices.floats((long) rows * width),
                    0,
                    pages(kernels.get(), pages),
                    pages(kernels.get(), pages),
                    RandomMatrices.floats((long) rows * width),
                    0,
                    rows,
                    positions - rows,
                    Integer.MAX_VALUE,
                    (float) (1 / Math.sqrt(dimension)),
                    0,
                    null);
        }

        private MemorySegment[] pages(Kernels kernels, int count) {
            int heads = kvHeads * PAGE_TOKENS;
            MemorySegment values = RandomMatrices.floats((long) heads * dimension);
            MemorySegment[] pages = new MemorySegment[count];
            for (int page = 0; page < count; page++) {
                pages[page] = Arena.ofAuto().allocate(heads * cache.bytes(dimension), 64);
                for (int head = 0; head < heads; head++) {
                    long element = (long) head * dimension;
                    switch (cache) {
                        case HALF -> kernels.toHalf(values, element, pages[page], element, dimension);
                        case BYTES ->
                            kernels.toBytes(values, element, pages[page], head * cache.bytes(dimension), dimension);
                    }
                }
            }
            return pages;
        }
    }

    /** All rows and heads. */
    @Benchmark
    public MemorySegment attend(ChosenKernels kernels, Cache cache) {
        for (int kvHead = 0; kvHead < cache.kvHeads; kvHead++) {
            kernels.get().attention(cache.call, kvHead, 0, cache.rows);
        }
        return cache.call.out();
    }
}
