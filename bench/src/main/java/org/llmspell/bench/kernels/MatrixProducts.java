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
import org.openjdk.jmh.infra.ThreadParams;

/** Products of a matrix with one token, as in making tokens, and with many, as in reading a prompt. */
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class MatrixProducts {
    /** Each thread has matrices of its own. */
    @State(Scope.Thread)
    @SuppressWarnings("NullAway.Init") // made before they are used
    public static class Operands {
        @Param({"Q4_K", "Q5_K", "Q6_K", "Q8_0", "Q4_0", "F16", "BF16", "F32"})
        public BlockFormat format = BlockFormat.Q4_K;

        @Param("1024")
        public int rows;

        @Param("4096")
        public int columns;

        @Param({"1", "4", "8", "512"})
        public int tokens;

        /** MiB of the matrices of all threads together; several times what the caches hold. */
        @Param("256")
        public int megabytes;

        private RandomMatrices matrices;
        private MemorySegment x;
        private MemorySegment out;

        /** Makes the matrices. */
        @Setup
        public void make(ThreadParams threads) {
            matrices = new RandomMatrices(format, rows, columns, ((long) megabytes << 20) / threads.getThreadCount());
            x = RandomMatrices.floats((long) tokens * columns);
            out = RandomMatrices.floats((long) tokens * rows);
        }
    }

    /** All rows of the next matrix, the preparation of the activations included where the kernels have any. */
    @Benchmark
    public MemorySegment multiply(ChosenKernels kernels, Operands of) {
        kernels.get().multiply(of.matrices.next(), 0, of.rows, of.x, 0, of.columns, of.tokens, of.out, 0, of.rows);
        return of.out;
    }
}
