package org.llmspell.bench.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.BatchProduct;
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

/**
 * The two steps of a product with many tokens, apart: activations are prepared (rounded to 8 bits, or transposed) once for all
 * products with them, and then multiplied. Fails for kernels that take the activations of that product as they are.
 */
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PreparedProducts {
    /** Each thread has matrices of its own. */
    @State(Scope.Thread)
    @SuppressWarnings("NullAway.Init") // made before they are used
    public static class Operands {
        @Param({"Q4_K", "Q8_0", "F16"})
        public BlockFormat format = BlockFormat.Q4_K;

        @Param("1024")
        public int rows;

        @Param("4096")
        public int columns;

        @Param({"16", "512"})
        public int tokens;

        /** MiB of the matrices of all threads together. */
        @Param("256")
        public int megabytes;

        private RandomMatrices matrices;
        private BatchProduct product;
        private MemorySegment x;
        private MemorySegment prepared;
        private MemorySegment out;

        /** Makes the matrices and prepares the activations. */
        @Setup
        public void make(ChosenKernels kernels, ThreadParams threads) {
            matrices = new RandomMatrices(format, rows, columns, ((long) megabytes << 20) / threads.getThreadCount());
            BatchProduct found = kernels.get().batchProduct(matrices.next(), tokens);
            if (found == null) {
                throw new IllegalStateException("%s kernels take the activations of %d tokens with %s as they are"
                        .formatted(kernels.get().name(), tokens, format));
            }
            product = found;
            x = RandomMatrices.floats((long) tokens * columns);
            prepared = Arena.ofAuto().allocate(product.preparedBytes(columns, tokens), 64);
            out = RandomMatrices.floats((long) tokens * rows);
            prepare();
        }

        private MemorySegment prepare() {
            product.prepare(x, 0, columns, columns, tokens, 0, tokens, prepared);
            return prepared;
        }
    }

    /** The activations of all tokens. */
    @Benchmark
    public MemorySegment prepare(Operands of) {
        return of.prepare();
    }

    /** All rows of the next matrix, with activations that are prepared. */
    @Benchmark
    public MemorySegment multiply(Operands of) {
        of.product.multiply(of.matrices.next(), 0, of.rows, of.prepared, of.tokens, of.out, 0, of.rows);
        return of.out;
    }
}
