package org.llmspell.bench.kernels;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.llmspell.gguf.BlockFormat;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A row of blocks in the processor's caches made float32, as for an embedding. */
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class Dequantization {
    /** Each thread has a row of its own. */
    @State(Scope.Thread)
    @SuppressWarnings("NullAway.Init") // made before it is used
    public static class Row {
        @Param({"Q4_K", "Q6_K", "Q8_0", "F16"})
        public BlockFormat format = BlockFormat.Q4_K;

        @Param("4096")
        public int columns;

        private MemorySegment blocks;
        private MemorySegment floats;

        /** Fills the row. */
        @Setup
        public void fill() {
            blocks = RandomMatrices.blocks(format, columns);
            floats = RandomMatrices.floats(columns);
        }
    }

    /** All blocks of the row. */
    @Benchmark
    public MemorySegment dequantize(ChosenKernels kernels, Row row) {
        kernels.get().dequantize(row.format, row.blocks, 0, row.floats, 0, row.columns);
        return row.floats;
    }
}
