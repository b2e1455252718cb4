package org.llmspell.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.x86.Avx2Kernels;
import org.llmspell.kernels.x86.X86Kernels;

/**
 * The assembled products against the same rounding of activations in plain Java: what is left is float32's own rounding, so
 * that a wrong scale or a lost bit shows, which the wide bound on rounded products would hide.
 */
@ParameterizedClass(allowZeroInvocations = true)
@MethodSource("assembled")
class RoundedProductTest {
    /** Sums of a few hundred float32 terms, relative to Σ|w·a|. */
    private static final double BOUND = 2e-6;

    private static final float GUARD = 4711.25f;

    private final Kernels kernels;

    RoundedProductTest(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Those that are assembled, and can be here. */
    static List<Kernels> assembled() {
        return Implementations.all().filter(Implementations::rounds).toList();
    }

    /** Every format whose activations are rounded. */
    static List<BlockFormat> formats() {
        return List.of(
                BlockFormat.Q4_0,
                BlockFormat.Q4_1,
                BlockFormat.Q5_0,
                BlockFormat.Q5_1,
                BlockFormat.Q8_0,
                BlockFormat.Q2_K,
                BlockFormat.Q3_K,
                BlockFormat.Q4_K,
                BlockFormat.Q5_K,
                BlockFormat.Q6_K,
                BlockFormat.IQ4_NL,
                BlockFormat.IQ4_XS,
                BlockFormat.MXFP4);
    }

    /** Activations that are rounded by the same scale. */
    private static int scaled(BlockFormat format) {
        return format.blockElements() == 32 || format == BlockFormat.IQ4_XS ? 32 : 256;
    }

    @ParameterizedTest
    @MethodSource("formats")
    void productsAreThoseOfTheRoundedActivations(BlockFormat format) {
        Random random = new Random(5);
        int group = format.blockElements();
        for (int round = 0; round < 400; round++) {
            int columns = group * (1 + random.nextInt(round % 20 == 0 ? 24 : 5));
            int rows = 1 + random.nextInt(13);
            int tokens = 1 + random.nextInt(11);
            int from = random.nextInt(rows);
            int to = from + 1 + random.nextInt(rows - from);
            check(format, group, columns, rows, from, to, tokens, random);
        }
    }

    @ParameterizedTest
    @MethodSource("formats")
    void productsOfManyTokensAreThoseOfTheRoundedActivations(BlockFormat format) {
        Random random = new Random(6);
        int block = format.blockElements();
        for (int round = 0; round < 60; round++) {
            int columns = block * (1 + random.nextInt(block == 256 ? 4 : 21));
            int rows = 1 + random.nextInt(round % 10 == 0 ? 300 : 70);
            int tokens = round == 7 ? 300 : 9 + random.nextInt(32);
            int from = random.nextInt(rows);
            int to = from + 1 + random.nextInt(rows - from);
            check(format, block, columns, rows, from, to, tokens, random);
        }
    }

    private void check(
            BlockFormat format, int group, int columns, int rows, int from, int to, int tokens, Random random) {
        WeightMatrix weights = shifted(RandomWeights.matrix(format, rows, columns, random), random.nextInt(5));
        float[] w = RandomWeights.dequantized(weights);
        int stride = columns + random.nextInt(3);
        float[] x = RandomWeights.gaussians(stride * tokens, random);
        if (random.nextInt(4) == 0) {
            // one that stands out, as in real activations, and a group of nothing
            x[random.nextInt(columns)] *= 100;
            Arrays.fill(x, 0, group, 0);
        }
        float[] guards = new float[rows * tokens + 2];
        Arrays.fill(guards, GUARD);
        MemorySegment out = Native.floats(guards);

        kernels.multiply(weights, from, to, Native.floats(x), 0, stride, tokens, out, 1, rows);

        float[] actual = Native.array(out);
        for (int t = 0; t < tokens; t++) {
            double[] rounded = rounded(x, t * stride, columns, scaled(format));
            for (int r = from; r < to; r++) {
                double expected = 0;
                double magnitude = 0;
                for (int k = 0; k < columns; k++) {
                    expected += w[r * columns + k] * rounded[k];
                    magnitude += Math.abs(w[r * columns + k] * rounded[k]);
                }
                int place = 1 + t * rows + r;
                assertThat(Math.abs(actual[place] - expected))
                        .as("%s, %d columns, row %d of %d–%d, token %d of %d", format, columns, r, from, to, t, tokens)
                        .isLessThanOrEqualTo(BOUND * magnitude + minimumTerms(format, w, rounded, r, columns));
                actual[place] = GUARD;
            }
        }
        assertThat(actual).as("what the call must leave alone").containsOnly(GUARD);
    }

    /** Scale and minimum parts are summed apart and may be far larger than their difference. */
    private static double minimumTerms(BlockFormat format, float[] w, double[] rounded, int row, int columns) {
        boolean minima = switch (format) {
            case Q4_1, Q5_1, Q2_K, Q4_K, Q5_K -> true;
            default -> false;
        };
        if (!minima) {
            return 0;
        }
        double largest = 0;
        double sum = 0;
        for (int k = 0; k < columns; k++) {
            largest = Math.max(largest, Math.abs(w[row * columns + k]));
            sum += Math.abs(rounded[k]);
        }
        return BOUND * largest * sum;
    }

    private static double[] rounded(float[] x, int at, int columns, int group) {
        double[] rounded = new double[columns];
        for (int g = 0; g < columns; g += group) {
            float most = 1e-30f;
            for (int k = g; k < g + group; k++) {
                most = Math.max(most, Math.abs(x[at + k]));
            }
            float inverse = 127f / most;
            float scale = most * (1 / 127f);
            for (int k = g; k < g + group; k++) {
                rounded[k] = Math.rint(x[at + k] * inverse) * scale;
            }
        }
        return rounded;
    }

    /** The same weights at another alignment, with nothing after them. */
    private static WeightMatrix shifted(WeightMatrix weights, int bytes) {
        MemorySegment data =
                Arena.ofAuto().allocate(weights.data().byteSize() + bytes, 1).asSlice(bytes);
        data.copyFrom(weights.data());
        return new WeightMatrix(weights.format(), weights.rows(), weights.columns(), data);
    }

    @ParameterizedTest
    @MethodSource("formats")
    void activationsThatAreNoNumbersGiveNone(BlockFormat format) {
        WeightMatrix weights = RandomWeights.matrix(format, 5, 512, new Random(3));
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] x = RandomWeights.gaussians(512, new Random(4));
            x[77] = bad;
            MemorySegment out = Native.floats(new float[5]);
            kernels.multiply(weights, 0, 5, Native.floats(x), 0, 512, 1, out, 0, 5);
            for (float product : Native.array(out)) {
                assertThat(product).isNaN();
            }
        }
    }

    @Test
    void smallMatricesAreComputedAsExactlyAsFloat32Allows() throws Exception {
        Kernels usual = kernels instanceof X86Kernels
                ? X86Kernels.assemble(KernelProvider.scalar())
                : Avx2Kernels.assemble(KernelProvider.scalar());
        int few = kernels instanceof X86Kernels ? 512 : 128;
        for (int rows : new int[] {few, 1024}) {
            WeightMatrix weights = RandomWeights.matrix(BlockFormat.Q8_0, rows, 256, new Random(1));
            float[] x = RandomWeights.gaussians(256, new Random(2));
            float[] exact = product(KernelProvider.scalar(), weights, x);
            double size = distance(exact, new float[rows]);
            assertThat(distance(product(kernels, weights, x), exact)).isGreaterThan(1e-3 * size);
            // Float32 sums of 256 terms, and what rounding to 8 bits comes to.
            assertThat(distance(product(usual, weights, x), exact)).isLessThan((rows == few ? 1e-5 : 1e-1) * size);
        }
    }

    private static float[] product(Kernels some, WeightMatrix weights, float[] x) {
        MemorySegment out = Native.floats(new float[weights.rows()]);
        some.multiply(weights, 0, weights.rows(), Native.floats(x), 0, x.length, 1, out, 0, weights.rows());
        return Native.array(out);
    }

    private static double distance(float[] some, float[] others) {
        double squares = 0;
        for (int i = 0; i < some.length; i++) {
            squares += Math.pow((double) some[i] - others[i], 2);
        }
        return Math.sqrt(squares);
    }

    @Test
    void noRowsAndNoTokensTouchNothing() {
        WeightMatrix weights = RandomWeights.matrix(BlockFormat.Q4_K, 4, 256, new Random(1));
        MemorySegment out = Native.floats(GUARD, GUARD);
        MemorySegment x = Native.floats(new float[256]);
        kernels.multiply(weights, 2, 2, x, 0, 256, 1, out, 0, 1);
        kernels.multiply(weights, 0, 4, x, 0, 256, 0, out, 0, 1);
        assertThat(Native.array(out)).containsOnly(GUARD);
    }

    @Test
    void severalThreadsComputeAtOnce() throws InterruptedException {
        WeightMatrix weights = RandomWeights.matrix(BlockFormat.Q6_K, 64, 1024, new Random(1));
        MemorySegment x = Native.floats(RandomWeights.gaussians(1024 * 4, new Random(2)));
        MemorySegment alone = Native.floats(new float[64 * 4]);
        kernels.multiply(weights, 0, 64, x, 0, 1024, 4, alone, 0, 64);
        Thread[] threads = new Thread[4];
        float[][] results = new float[threads.length][];
        for (int i = 0; i < threads.length; i++) {
            int number = i;
            threads[i] = new Thread(() -> {
                MemorySegment out = Native.floats(new float[64 * 4]);
                for (int round = 0; round < 50; round++) {
                    kernels.multiply(weights, 0, 64, x, 0, 1024, 4, out, 0, 64);
                }
                results[number] = Native.array(out);
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        for (float[] result : results) {
            assertThat(result).isEqualTo(Native.array(alone));
        }
    }
}
