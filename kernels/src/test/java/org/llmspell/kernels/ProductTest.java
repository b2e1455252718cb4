package org.llmspell.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.gguf.BlockFormat;

/** Matrix products of every implementation and format against sums in float64. */
class ProductTest {
    private static final float GUARD = -98765.5f;

    static List<Arguments> formats() {
        List<Arguments> cases = new ArrayList<>();
        for (BlockFormat format : BlockFormat.values()) {
            Stream.concat(Implementations.all(), Implementations.unrounded())
                    .filter(kernels -> kernels.supports(format))
                    .forEach(kernels -> cases.add(Arguments.of(kernels, format)));
        }
        return cases;
    }

    static List<Integer> columns(BlockFormat format) {
        int block = format.blockElements();
        return block == 1 ? List.of(1, 7, 16, 33, 100, 1031) : List.of(block, 2 * block, 5 * block);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("formats")
    void everyShapeOfProductIsWithinTheBound(Kernels kernels, BlockFormat format) {
        Random random = new Random(7);
        for (int columns : columns(format)) {
            for (int rows = 1; rows <= 9; rows++) {
                Problem problem = new Problem(format, rows, columns, 33, random);
                for (int tokens : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 33}) {
                    problem.check(kernels, 0, rows, tokens);
                }
                problem.check(kernels, rows / 2, rows, 1);
                problem.check(kernels, rows / 3, rows - rows / 4, 6);
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("formats")
    void rowsLongerThanEveryBufferAreWithinTheBound(Kernels kernels, BlockFormat format) {
        // More than two slabs of 4096 and more rows than a panel of 16.
        int columns = 9 * 1024 / format.blockElements() * format.blockElements() + format.blockElements();
        Problem problem = new Problem(format, 21, columns, 6, new Random(11));
        for (int tokens : new int[] {1, 2, 6}) {
            problem.check(kernels, 0, 21, tokens);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("formats")
    void aTokensProductDoesNotDependOnTheOtherTokensOfItsBatch(Kernels kernels, BlockFormat format) {
        int columns = format.blockElements() == 1 ? 1031 : 5 * format.blockElements();
        Problem problem = new Problem(format, 9, columns, 33, new Random(13));
        for (int most : new int[] {33, 8}) {
            Implementations.settle(() -> {
                float[] all = problem.run(kernels, 0, 9, most);
                for (int tokens : new int[] {2, 3, 4, 5, 13, 17}) {
                    if (tokens > most || !sameProduct(kernels, problem.weights, tokens, most)) {
                        continue;
                    }
                    float[] some = problem.run(kernels, 0, 9, tokens);
                    for (int t = 0; t < tokens; t++) {
                        for (int r = 0; r < 9; r++) {
                            assertThat(some[problem.at(t, r)]).isEqualTo(all[problem.at(t, r)]);
                        }
                    }
                }
                // Nor on the rows that are computed with it.
                float[] oneRow = problem.run(kernels, 5, 6, most);
                assertThat(oneRow[problem.at(most - 1, 5)]).isEqualTo(all[problem.at(most - 1, 5)]);
            });
        }
    }

    /** Many tokens may be computed in another way than few. */
    private static boolean sameProduct(Kernels kernels, WeightMatrix weights, int tokens, int others) {
        return Objects.equals(kernels.batchProduct(weights, tokens), kernels.batchProduct(weights, others));
    }

    @Test
    void infiniteAndNanHalvesStayWhatTheyAre() {
        MemorySegment weights = Native.halves(new float[64]);
        weights.set(Native.SHORT, 0, (short) 0x7C00);
        weights.set(Native.SHORT, 66, (short) 0x7E00);
        float[] ones = new float[32];
        Arrays.fill(ones, 1);
        Implementations.all().forEach(kernels -> {
            MemorySegment out = Native.floats(0, 0);
            WeightMatrix matrix = new WeightMatrix(BlockFormat.F16, 2, 32, weights);
            kernels.multiply(matrix, 0, 2, Native.floats(ones), 0, 0, 1, out, 0, 0);
            assertThat(Native.array(out)).containsExactly(Float.POSITIVE_INFINITY, Float.NaN);
        });
    }

    @Test
    void heapMemoryWorksToo() {
        Problem problem = new Problem(BlockFormat.Q4_K, 3, 256, 2, new Random(17));
        Implementations.all().forEach(kernels -> {
            MemorySegment x = MemorySegment.ofArray(problem.x);
            float[] out = new float[6];
            kernels.multiply(problem.weights, 0, 3, x, 3, problem.xStride, 2, MemorySegment.ofArray(out), 0, 3);
            for (int t = 0; t < 2; t++) {
                for (int r = 0; r < 3; r++) {
                    problem.verify(kernels, out[t * 3 + r], r, t);
                }
            }
        });
    }

    @Test
    void noTokensAndNoRowsAreNothingToDo() {
        WeightMatrix weights = RandomWeights.matrix(BlockFormat.Q4_K, 2, 256, new Random(1));
        MemorySegment empty = Native.floats();
        Implementations.all().forEach(kernels -> {
            kernels.multiply(weights, 0, 2, empty, 0, 0, 0, empty, 0, 0);
            kernels.multiply(weights, 1, 1, empty, 0, 0, 5, empty, 0, 0);
        });
    }

    @Test
    void nothingOutsideTheArgumentsIsTouched() {
        WeightMatrix weights = RandomWeights.matrix(BlockFormat.Q4_K, 4, 256, new Random(1));
        MemorySegment x = Native.floats(new float[512]);
        MemorySegment out = Native.floats(new float[8]);
        Implementations.all().forEach(kernels -> {
            assertOutside(() -> kernels.multiply(weights, 0, 5, x, 0, 256, 1, out, 0, 4));
            assertOutside(() -> kernels.multiply(weights, -1, 4, x, 0, 256, 1, out, 0, 4));
            assertOutside(() -> kernels.multiply(weights, 0, 4, x, 257, 256, 1, out, 0, 4));
            assertOutside(() -> kernels.multiply(weights, 0, 4, x, -1, 256, 1, out, 0, 4));
            assertOutside(() -> kernels.multiply(weights, 0, 4, x, 0, 257, 2, out, 0, 4));
            assertOutside(() -> kernels.multiply(weights, 0, 4, x, 0, -1, 2, out, 0, 4));
            assertOutside(() -> kernels.multiply(weights, 0, 4, x, 0, Long.MAX_VALUE / 2, 2, out, 0, 4));
            assertOutside(() -> kernels.multiply(weights, 0, 4, x, 0, 256, 2, out, 0, 5));
            assertOutside(() -> kernels.multiply(weights, 0, 4, x, 0, 256, 1, out, 5, 4));
            assertOutside(() -> kernels.dequantize(BlockFormat.Q4_K, weights.data(), 433, out, 0, 256));
            assertOutside(() -> kernels.dequantize(BlockFormat.Q4_K, weights.data(), 0, x, 257, 256));
            assertOutside(() -> kernels.dequantize(BlockFormat.Q4_K, weights.data(), -1, x, 0, 256));
            assertThatThrownBy(() -> kernels.dequantize(BlockFormat.Q4_K, weights.data(), 0, x, 0, 255))
                    .isInstanceOf(IllegalArgumentException.class);
        });
    }

    @Test
    void readOnlyAndClosedMemoryIsRefused() {
        WeightMatrix weights = RandomWeights.matrix(BlockFormat.Q4_K, 4, 256, new Random(1));
        MemorySegment x = Native.floats(new float[256]);
        MemorySegment out = Native.floats(new float[4]);
        MemorySegment closed;
        try (Arena arena = Arena.ofShared()) {
            closed = arena.allocate(16, 4);
        }
        Implementations.all().forEach(kernels -> {
            assertThatThrownBy(() -> kernels.multiply(weights, 0, 4, x, 0, 0, 1, out.asReadOnly(), 0, 0))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> kernels.multiply(weights, 0, 4, x, 0, 0, 1, closed, 0, 0))
                    .isInstanceOf(IllegalStateException.class);
        });
        assertThat(Native.array(out)).containsOnly(0);
    }

    @Test
    void aMatrixThatItsMemoryCannotHoldIsRefused() {
        assertOutside(() -> new WeightMatrix(BlockFormat.Q8_0, 3, 32, Native.bytes(new byte[3 * 34 - 1])));
        assertOutside(() -> new WeightMatrix(BlockFormat.Q8_0, -1, 32, Native.bytes(new byte[34])));
    }

    private static void assertOutside(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IndexOutOfBoundsException.class);
    }

    /** A matrix, activations at an odd place with room between tokens, and the answers. */
    private static final class Problem {
        final WeightMatrix weights;
        final int xStride;
        final int outStride;
        final float[] x;
        private final MemorySegment xMemory;
        private final double[] expected;
        private final double[] magnitude;

        Problem(BlockFormat format, int rows, int columns, int tokens, Random random) {
            weights = RandomWeights.matrix(format, rows, columns, random);
            xStride = columns + 5;
            outStride = rows + 4;
            x = RandomWeights.gaussians(3 + (tokens - 1) * xStride + columns, random);
            xMemory = Native.floats(x);
            expected = new double[tokens * rows];
            magnitude = new double[tokens * rows];
            float[] w = RandomWeights.dequantized(weights);
            for (int t = 0; t < tokens; t++) {
                for (int r = 0; r < rows; r++) {
                    for (int k = 0; k < columns; k++) {
                        double product = (double) w[r * columns + k] * x[3 + t * xStride + k];
                        expected[t * rows + r] += product;
                        magnitude[t * rows + r] += Math.abs(product);
                    }
                }
            }
        }

        int at(int token, int row) {
            return 7 + token * outStride + row;
        }

        float[] run(Kernels kernels, int rowFrom, int rowTo, int tokens) {
            // One element longer than the products need.
            float[] guards = new float[at(tokens - 1, rowTo) + 1];
            Arrays.fill(guards, GUARD);
            MemorySegment out = Native.floats(guards);
            kernels.multiply(weights, rowFrom, rowTo, xMemory, 3, xStride, tokens, out, 7, outStride);
            return Native.array(out);
        }

        void check(Kernels kernels, int rowFrom, int rowTo, int tokens) {
            float[] out = run(kernels, rowFrom, rowTo, tokens);
            for (int t = 0; t < tokens; t++) {
                for (int r = rowFrom; r < rowTo; r++) {
                    verify(kernels, out[at(t, r)], r, t);
                    out[at(t, r)] = GUARD;
                }
            }
            assertThat(out).as("what the call must leave alone").containsOnly(GUARD);
        }

        void verify(Kernels kernels, float actual, int row, int token) {
            int i = token * weights.rows() + row;
            double error = Math.abs(actual - expected[i]);
            if (!(error <= Implementations.bound(kernels, weights.format()) * magnitude[i])) {
                throw new AssertionError(
                        "%s %s: row %d of %d, token %d, %d columns: %s instead of %s, off by %.2g of Σ|w·x|"
                                .formatted(
                                        kernels.name(),
                                        weights.format(),
                                        row,
                                        weights.rows(),
                                        token,
                                        weights.columns(),
                                        actual,
                                        expected[i],
                                        error / magnitude[i]));
            }
        }
    }
}
