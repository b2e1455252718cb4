package org.llmspell.bench.kernels;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What is done to single rows between the products, in the processor's caches. What works in place does so on a fresh copy, since
 * numbers would else vanish or grow without end; {@link #copy} is what that copy costs.
 */
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RowOperations {
    private static final float EPSILON = 1e-5f;

    /** Each thread has rows of its own. */
    @State(Scope.Thread)
    @SuppressWarnings("NullAway.Init") // made before they are used
    public static class Row {
        /** Elements, an even number. */
        @Param("4096")
        public int columns;

        private MemorySegment source;
        private MemorySegment x;
        private MemorySegment other;

        /** Fills the rows. */
        @Setup
        public void fill() {
            source = RandomMatrices.floats(columns);
            x = RandomMatrices.floats(columns);
            other = RandomMatrices.floats(columns);
        }

        private MemorySegment fresh() {
            return x.copyFrom(source);
        }
    }

    @Benchmark
    public MemorySegment copy(Row row) {
        return row.fresh();
    }

    @Benchmark
    public float dot(ChosenKernels kernels, Row row) {
        return kernels.get().dot(row.source, 0, row.other, 0, row.columns);
    }

    @Benchmark
    public MemorySegment rmsNorm(ChosenKernels kernels, Row row) {
        kernels.get().rmsNorm(row.x, 0, row.source, 0, row.other, row.columns, EPSILON);
        return row.x;
    }

    @Benchmark
    public MemorySegment layerNorm(ChosenKernels kernels, Row row) {
        kernels.get().layerNorm(row.x, 0, row.source, 0, row.other, row.other, row.columns, EPSILON);
        return row.x;
    }

    @Benchmark
    public MemorySegment softmax(ChosenKernels kernels, Row row) {
        MemorySegment x = row.fresh();
        kernels.get().softmax(x, 0, row.columns);
        return x;
    }

    @Benchmark
    public MemorySegment add(ChosenKernels kernels, Row row) {
        MemorySegment x = row.fresh();
        kernels.get().add(x, 0, row.other, 0, row.columns);
        return x;
    }

    @Benchmark
    public MemorySegment addScaled(ChosenKernels kernels, Row row) {
        MemorySegment x = row.fresh();
        kernels.get().addScaled(x, 0, row.other, 0, 0.5f, row.columns);
        return x;
    }

    @Benchmark
    public MemorySegment siluMultiply(ChosenKernels kernels, Row row) {
        MemorySegment x = row.fresh();
        kernels.get().siluMultiply(x, 0, row.other, 0, row.columns);
        return x;
    }

    @Benchmark
    public MemorySegment geluMultiply(ChosenKernels kernels, Row row) {
        MemorySegment x = row.fresh();
        kernels.get().geluMultiply(x, 0, row.other, 0, row.columns);
        return x;
    }

    @Benchmark
    public MemorySegment gelu(ChosenKernels kernels, Row row) {
        MemorySegment x = row.fresh();
        kernels.get().gelu(x, 0, row.columns);
        return x;
    }

    /** Angles are no angles here: the speed does not depend on them. */
    @Benchmark
    public MemorySegment rotate(ChosenKernels kernels, Row row) {
        MemorySegment x = row.fresh();
        kernels.get().rotate(x, 0, 1, 0, row.other, 0, row.other, 0, row.columns, true);
        return x;
    }

    @Benchmark
    public MemorySegment toHalf(ChosenKernels kernels, Row row) {
        kernels.get().toHalf(row.source, 0, row.x, 0, row.columns);
        return row.x;
    }

    @Benchmark
    public MemorySegment toBytes(ChosenKernels kernels, Row row) {
        kernels.get().toBytes(row.source, 0, row.x, 0, row.columns);
        return row.x;
    }
}
