package org.llmspell.kernels.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.GuardedMemory;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.Native;
import org.llmspell.kernels.RandomWeights;
import org.llmspell.kernels.WeightMatrix;
import org.llmspell.kernels.format.Codecs;

/**
 * Dense products against sums in float64: over elements that are rounded as the product rounds them, so that a wrong element
 * shows, and over the elements themselves within what is promised.
 */
class DenseProductTest {
    /** Sums of some thousand float32 terms, relative to Σ|w·a|. */
    private static final double SUMMING = 2e-6;

    private static final double FEW_TERMS = 8e-3;

    private static final float GUARD = -4711.25f;

    private static final GuardedMemory WEIGHTS = new GuardedMemory(1 << 20);
    private static final GuardedMemory ACTIVATIONS = new GuardedMemory(1 << 20);

    private static final Kernels SCALAR = KernelProvider.scalar();

    /** The ways there are on this processor. */
    enum Way {
        FLOAT32(DenseElement.FLOAT32, 1e-5),
        BFLOAT16(DenseElement.BFLOAT16, 1e-3),
        TILES(DenseElement.BFLOAT16, 1e-3);

        private final DenseElement element;
        private final double promised;

        Way(DenseElement element, double promised) {
            this.element = element;
            this.promised = promised;
        }

        DenseProduct product() throws ExecutableMemory.Refused {
            CpuFeatures features = CpuFeatures.detect();
            Assumptions.assumeTrue(features.avx512Vnni(), "the processor has no AVX-512 with VNNI");
            if (this == BFLOAT16) {
                Assumptions.assumeTrue(features.avx512Bf16(), "the processor has no AVX-512 BF16");
            }
            if (this == TILES) {
                String reason = Tiles.unavailable(features);
                Assumptions.assumeTrue(reason == null, reason);
                return DenseProduct.tiles(SCALAR);
            }
            return DenseProduct.vectors(element, SCALAR);
        }

        double rounded(float value) {
            return element == DenseElement.FLOAT32 ? value : bfloat16(value);
        }
    }

    /** To nearest, ties to even. */
    private static float bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat(bits + 0x7FFF + (bits >> 16 & 1) & 0xFFFF0000);
    }

    static List<Arguments> everyFormat() {
        List<Arguments> cases = new ArrayList<>();
        for (Way way : Way.values()) {
            for (BlockFormat format : Codecs.supported()) {
                cases.add(Arguments.of(way, format));
            }
        }
        return cases;
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("everyFormat")
    void productsAreThoseOfTheRoundedElements(Way way, BlockFormat format) throws Exception {
        DenseProduct product = way.product();
        Random random = new Random(format.name().hashCode());
        int block = format.blockElements();
        int[] blocks = block == 1 ? new int[] {1, 31, 32, 33, 100, 257, 1031} : new int[] {1, 2, 3, 5};
        for (int some : blocks) {
            for (int tokens : new int[] {1, 15, 16, 17, 33, 50}) {
                Problem problem = new Problem(format, 1 + random.nextInt(40), some * block, tokens, random);
                problem.check(way, product, 0, problem.rows);
            }
        }
        new Problem(format, 70, (block == 1 ? 33 : 1) * block, 257, random).check(way, product, 3, 69);
        int severalPanels = 1100 / block * block + block;
        new Problem(format, 33, severalPanels, 40, random).check(way, product, 0, 33);
    }

    @ParameterizedTest
    @EnumSource
    void randomShapesLeaveEverythingElseAlone(Way way) throws Exception {
        DenseProduct product = way.product();
        Random random = new Random(9);
        List<BlockFormat> formats = List.copyOf(Codecs.supported());
        for (int round = 0; round < 5000; round++) {
            BlockFormat format = formats.get(random.nextInt(formats.size()));
            int block = format.blockElements();
            int columns = block == 1 ? 1 + random.nextInt(90) : block * (1 + random.nextInt(2));
            int rows = 1 + random.nextInt(round % 10 == 0 ? 100 : 20);
            int from = random.nextInt(rows);
            Problem problem = new Problem(format, rows, columns, 1 + random.nextInt(40), random);
            problem.check(way, product, from, from + 1 + random.nextInt(rows - from));
        }
    }

    @ParameterizedTest
    @EnumSource
    void moreTokensThanSumsAreKeptForGiveWhatFewerGive(Way way) throws Exception {
        DenseProduct product = way.product();
        Problem problem = new Problem(BlockFormat.Q8_0, 9, 64, 1030, new Random(3));
        float[] all = problem.run(product, 0, 9, 1030);
        float[] some = problem.run(product, 0, 9, 14);
        for (int t = 0; t < 14; t++) {
            for (int r = 0; r < 9; r++) {
                assertThat(some[problem.at(t, r)]).isEqualTo(all[problem.at(t, r)]);
            }
        }
        problem.check(way, product, 0, 9);
    }

    @ParameterizedTest
    @EnumSource
    void tokensPreparedInSharesAreThoseAtOnce(Way way) throws Exception {
        DenseProduct product = way.product();
        Problem problem = new Problem(BlockFormat.F16, 20, 77, 53, new Random(4));
        float[] atOnce = problem.run(product, 0, 20, 53);
        MemorySegment prepared = Arena.ofAuto().allocate(product.preparedBytes(77, 53), 64);
        MemorySegment x = Native.floats(problem.x);
        for (int[] share : new int[][] {{32, 53}, {16, 32}, {0, 16}}) {
            product.prepare(x, 0, problem.xStride, 77, 53, share[0], share[1], prepared);
        }
        MemorySegment out = problem.guarded();
        product.multiply(problem.weights, 0, 20, prepared, 53, out, 1, problem.outStride);
        assertThat(Native.array(out)).isEqualTo(atOnce);
    }

    @ParameterizedTest
    @EnumSource
    void zeroWeightsAndZeroTokensGiveZeros(Way way) throws Exception {
        DenseProduct product = way.product();
        Problem problem = new Problem(BlockFormat.F32, 17, 40, 18, new Random(5));
        Arrays.fill(problem.x, 0, problem.xStride, 0);
        problem.weights.data().asSlice(0, 160).fill((byte) 0);
        float[] out = problem.run(product, 0, 17, 18);
        for (int r = 0; r < 17; r++) {
            assertThat(out[problem.at(0, r)]).isZero();
        }
        for (int t = 0; t < 18; t++) {
            assertThat(out[problem.at(t, 0)]).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNoNumberStaysInItsRowAndToken(Way way) throws Exception {
        DenseProduct product = way.product();
        Problem problem = new Problem(BlockFormat.F32, 18, 40, 19, new Random(6));
        problem.x[2 * problem.xStride + 7] = Float.NaN;
        problem.weights.data().set(Native.FLOAT, 4L * (3 * 40 + 5), Float.POSITIVE_INFINITY);
        float[] out = problem.run(product, 0, 18, 19);
        for (int t = 0; t < 19; t++) {
            for (int r = 0; r < 18; r++) {
                assertThat(Float.isFinite(out[problem.at(t, r)])).isEqualTo(t != 2 && r != 3);
                assertThat(Float.isNaN(out[problem.at(t, r)])).isEqualTo(t == 2);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingOutsideTheArgumentsIsTouched(Way way) throws Exception {
        DenseProduct product = way.product();
        WeightMatrix weights = RandomWeights.matrix(BlockFormat.Q4_K, 4, 256, new Random(1));
        MemorySegment x = Native.floats(new float[512]);
        MemorySegment prepared = Arena.ofAuto().allocate(product.preparedBytes(256, 2), 64);
        MemorySegment out = Native.floats(new float[8]);
        assertOutside(() -> product.prepare(x, 1, 256, 256, 2, 0, 2, prepared));
        assertOutside(() -> product.prepare(x, 0, 257, 256, 2, 0, 2, prepared));
        assertOutside(() -> product.prepare(x, 0, 256, 256, 2, 1, 2, prepared));
        assertOutside(() -> product.prepare(x, 0, 256, 256, 2, 0, 3, prepared));
        assertOutside(() -> product.prepare(x, 0, 0, 512, 2, 0, 2, prepared));
        assertOutside(() -> product.multiply(weights, 0, 5, prepared, 2, out, 0, 4));
        assertOutside(() -> product.multiply(weights, 0, 4, prepared, 2, out, 1, 4));
        assertOutside(() -> product.multiply(weights, 0, 4, prepared, 17, out, 0, 0));
        assertThatThrownBy(
                        () -> product.multiply(weights, 0, 4, prepared, 2, MemorySegment.ofArray(new float[8]), 0, 4))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static void assertOutside(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IndexOutOfBoundsException.class);
    }

    /** A product at odd strides, with guards around and between its results; weights and activations end where memory does. */
    private static final class Problem {
        final int rows;
        final WeightMatrix weights;
        final int xStride;
        final int outStride;
        final float[] x;
        private final int columns;
        private final int tokens;
        private final float[] w;

        Problem(BlockFormat format, int rows, int columns, int tokens, Random random) {
            this.rows = rows;
            this.columns = columns;
            this.tokens = tokens;
            weights = ending(RandomWeights.matrix(format, rows, columns, random));
            w = RandomWeights.dequantized(weights);
            xStride = columns + random.nextInt(4);
            outStride = rows + random.nextInt(3);
            x = RandomWeights.gaussians(xStride * tokens, random);
        }

        private static WeightMatrix ending(WeightMatrix weights) {
            MemorySegment data = WEIGHTS.ending(weights.data().byteSize()).copyFrom(weights.data());
            return new WeightMatrix(weights.format(), weights.rows(), weights.columns(), data);
        }

        /** The activations of the first {@code tokens} tokens. */
        private MemorySegment activations(int tokens) {
            int count = (tokens - 1) * xStride + columns;
            MemorySegment ending = ACTIVATIONS.ending(4L * count);
            MemorySegment.copy(x, 0, ending, Native.FLOAT, 0, count);
            return ending;
        }

        int at(int token, int row) {
            return 1 + token * outStride + row;
        }

        MemorySegment guarded() {
            float[] guards = new float[outStride * tokens + 2];
            Arrays.fill(guards, GUARD);
            return Native.floats(guards);
        }

        float[] run(DenseProduct product, int from, int to, int tokens) {
            MemorySegment out = guarded();
            MemorySegment prepared = Arena.ofAuto().allocate(product.preparedBytes(columns, tokens), 64);
            product.prepare(activations(tokens), 0, xStride, columns, tokens, 0, tokens, prepared);
            product.multiply(weights, from, to, prepared, tokens, out, 1, outStride);
            return Native.array(out);
        }

        void check(Way way, DenseProduct product, int from, int to) {
            float[] actual = run(product, from, to, tokens);
            for (int t = 0; t < tokens; t++) {
                for (int r = from; r < to; r++) {
                    double exact = 0;
                    double magnitude = 0;
                    double rounded = 0;
                    for (int k = 0; k < columns; k++) {
                        double term = (double) w[r * columns + k] * x[t * xStride + k];
                        exact += term;
                        magnitude += Math.abs(term);
                        rounded += way.rounded(w[r * columns + k]) * way.rounded(x[t * xStride + k]);
                    }
                    int place = at(t, r);
                    String what = "%s, %d columns, row %d of %d–%d, token %d of %d"
                            .formatted(weights.format(), columns, r, from, to, t, tokens);
                    assertThat(Math.abs(actual[place] - rounded)).as(what).isLessThanOrEqualTo(SUMMING * magnitude);
                    // The errors of few terms average less: each factor may be off by 2⁻⁸ of itself.
                    double bound = columns < 1024 ? Math.max(way.promised, FEW_TERMS) : way.promised;
                    assertThat(Math.abs(actual[place] - exact)).as(what).isLessThanOrEqualTo(bound * magnitude);
                    actual[place] = GUARD;
                }
            }
            assertThat(actual).as("what the call must leave alone").containsOnly(GUARD);
        }
    }
}
