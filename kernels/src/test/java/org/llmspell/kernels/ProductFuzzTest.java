package org.llmspell.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.gguf.BlockFormat;

/** Products of random shapes by every implementation, of every format, in memory that ends with the weights and the activations. */
@ParameterizedClass
@MethodSource("implementations")
class ProductFuzzTest {
    private static final int CALLS = 10_000;
    private static final int MOST_ROWS = 9;

    /** Few tokens mostly, as many as code takes at once and a rest; sometimes enough for every product of many. */
    private static final int FEW_TOKENS = 9;

    private static final int MOST_TOKENS = 40;
    private static final int MOST_COLUMNS = 1536;
    private static final float GUARD = -31415.5f;

    private final Kernels kernels;

    ProductFuzzTest(Kernels kernels) {
        this.kernels = kernels;
    }

    static Stream<Kernels> implementations() {
        return Stream.concat(Implementations.all(), Implementations.unrounded());
    }

    @Test
    void randomProductsAreWithinTheBoundAndTouchNothingElse() {
        List<BlockFormat> formats =
                Stream.of(BlockFormat.values()).filter(kernels::supports).toList();
        GuardedMemory weightMemory = new GuardedMemory(4L * MOST_ROWS * MOST_COLUMNS);
        GuardedMemory xMemory = new GuardedMemory(4L * MOST_TOKENS * (MOST_COLUMNS + 7));
        GuardedMemory outMemory = new GuardedMemory(4L * MOST_TOKENS * (MOST_ROWS + 3));
        Random random = new Random(2026);
        for (int call = 0; call < CALLS; call++) {
            BlockFormat format = formats.get(random.nextInt(formats.size()));
            int block = format.blockElements();
            int most = Math.min(MOST_COLUMNS / block, call % 10 == 0 ? 100 : 6);
            int columns = block == 1 ? 1 + random.nextInt(200) : block * (1 + random.nextInt(most));
            int rows = 1 + random.nextInt(MOST_ROWS);
            int from = random.nextInt(rows + 1);
            int to = from + random.nextInt(rows - from + 1);
            int tokens = random.nextInt((call % 20 == 7 ? MOST_TOKENS : FEW_TOKENS) + 1);
            int xStride = columns + random.nextInt(8);
            int outStride = rows + random.nextInt(4);

            WeightMatrix made = RandomWeights.matrix(format, rows, columns, random);
            MemorySegment data = weightMemory.ending(made.data().byteSize()).copyFrom(made.data());
            WeightMatrix weights = new WeightMatrix(format, rows, columns, data);
            float[] values = RandomWeights.gaussians(tokens == 0 ? 0 : (tokens - 1) * xStride + columns, random);
            MemorySegment x = xMemory.ending(4L * values.length);
            MemorySegment.copy(values, 0, x, Native.FLOAT, 0, values.length);
            int outs = tokens == 0 ? 0 : (tokens - 1) * outStride + rows;
            float[] guards = new float[outs];
            Arrays.fill(guards, GUARD);
            MemorySegment out = outMemory.ending(4L * outs);
            MemorySegment.copy(guards, 0, out, Native.FLOAT, 0, outs);

            kernels.multiply(weights, from, to, x, 0, xStride, tokens, out, 0, outStride);

            check(weights, from, to, values, xStride, tokens, Native.array(out), outStride);
        }
    }

    private void check(
            WeightMatrix weights, int from, int to, float[] x, int xStride, int tokens, float[] out, int outStride) {
        float[] w = RandomWeights.dequantized(weights);
        int columns = weights.columns();
        double bound = Implementations.bound(kernels, weights.format());
        for (int t = 0; t < tokens; t++) {
            for (int r = from; r < to; r++) {
                double expected = 0;
                double magnitude = 0;
                for (int k = 0; k < columns; k++) {
                    double product = (double) w[r * columns + k] * x[t * xStride + k];
                    expected += product;
                    magnitude += Math.abs(product);
                }
                assertThat(Math.abs(out[t * outStride + r] - expected))
                        .as(
                                "%s, %d columns, row %d of %d–%d, token %d of %d",
                                weights.format(), columns, r, from, to, t, tokens)
                        .isLessThanOrEqualTo(bound * magnitude);
                out[t * outStride + r] = GUARD;
            }
        }
        if (out.length > 0) {
            assertThat(out).as("what the call must leave alone").containsOnly(GUARD);
        }
    }
}
