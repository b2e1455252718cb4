package org.llmspell.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernels over one row, against the formulas in float64, at lengths around every vector width. */
class RowKernelsTest {
    private static final int[] COUNTS = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 1000};
    private static final float GUARD = 4711;

    static Stream<Kernels> implementations() {
        return Implementations.all();
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void dotIsTheSumOfProducts(Kernels kernels) {
        Random random = new Random(1);
        for (int count : COUNTS) {
            float[] a = RandomWeights.gaussians(count + 3, random);
            float[] b = RandomWeights.gaussians(count + 5, random);
            double expected = 0;
            double magnitude = 0;
            for (int i = 0; i < count; i++) {
                expected += (double) a[i + 2] * b[i + 5];
                magnitude += Math.abs((double) a[i + 2] * b[i + 5]);
            }
            float dot = kernels.dot(Native.floats(a), 2, Native.floats(b), 5, count);
            assertThat(Math.abs(dot - expected)).isLessThanOrEqualTo(1e-6 * magnitude);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void rmsNormDividesByTheRootOfTheMeanSquare(Kernels kernels) {
        Random random = new Random(2);
        for (int count : COUNTS) {
            float[] x = RandomWeights.gaussians(count, random);
            float[] weight = RandomWeights.gaussians(count, random);
            double squares = 0;
            for (float value : x) {
                squares += (double) value * value;
            }
            double root = Math.sqrt(squares / count + 1e-5f);
            IntToDoubleFunction expected = i -> x[i] / root * weight[i];
            MemorySegment out = guarded(count, 3);
            kernels.rmsNorm(out, 3, Native.floats(x), 0, Native.floats(weight), count, 1e-5f);
            // Three roundings and that of the sum.
            assertRow(out, 3, count, expected, 1e-6, 0);
            MemorySegment inPlace = row(x, 1);
            kernels.rmsNorm(inPlace, 1, inPlace, 1, Native.floats(weight), count, 1e-5f);
            assertRow(inPlace, 1, count, expected, 1e-6, 0);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void layerNormTakesOffTheMeanAndDividesByTheDeviation(Kernels kernels) {
        Random random = new Random(12);
        for (int count : COUNTS) {
            float[] x = RandomWeights.gaussians(count, random);
            float[] weight = RandomWeights.gaussians(count, random);
            float[] bias = RandomWeights.gaussians(count, random);
            double mean = 0;
            for (int i = 0; i < count; i++) {
                x[i] += 3;
                mean += x[i] / (double) count;
            }
            double squares = 0;
            for (float value : x) {
                squares += (value - mean) * (value - mean);
            }
            double center = mean;
            double deviation = Math.sqrt(squares / count + 1e-5f);
            // The mean of values around 3 is off by their roundings, 2e-7 each, and so is every difference from it.
            double floor = 2e-6 / deviation;
            MemorySegment out = guarded(count, 3);
            kernels.layerNorm(out, 3, Native.floats(x), 0, Native.floats(weight), Native.floats(bias), count, 1e-5f);
            assertRow(out, 3, count, i -> (x[i] - center) / deviation * weight[i] + bias[i], 1e-6, 4 * floor);
            MemorySegment inPlace = row(x, 1);
            kernels.layerNorm(inPlace, 1, inPlace, 1, null, null, count, 1e-5f);
            assertRow(inPlace, 1, count, i -> (x[i] - center) / deviation, 1e-6, floor);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void activationsWorkInPlaceOverTheirWholeRange(Kernels kernels) {
        Random random = new Random(13);
        for (int count : COUNTS) {
            float[] x = gates(count, random);
            MemorySegment gelu = row(x, 1);
            kernels.gelu(gelu, 1, count);
            assertRow(gelu, 1, count, i -> gelu(x[i]), 1e-5, 1e-9);
            MemorySegment squared = row(x, 1);
            kernels.reluSquared(squared, 1, count);
            assertRow(squared, 1, count, i -> x[i] > 0 ? (double) x[i] * x[i] : 0, 1e-7, 1e-37);
            MemorySegment xielu = row(x, 1);
            kernels.xielu(xielu, 1, count, 1.3f, 0.8f, 0.5f, -1e-6f);
            IntToDoubleFunction expected = i -> x[i] > 0
                    ? 0.8f * (double) x[i] * x[i] + 0.5f * x[i]
                    : 1.3f * (Math.exp(Math.min(x[i], -1e-6)) - 1 - x[i]) + 0.5f * x[i];
            // The exponential of a small number is rounded next to 1.
            assertRow(xielu, 1, count, expected, 1e-6, 4e-7);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void softmaxIsAProbabilityForEachScore(Kernels kernels) {
        Random random = new Random(3);
        for (int count : COUNTS) {
            for (double spread : new double[] {0, 1, 30, 3000}) {
                float[] x = RandomWeights.gaussians(count, random);
                double max = Double.NEGATIVE_INFINITY;
                for (int i = 0; i < count; i++) {
                    x[i] = (float) (x[i] * spread + 500);
                    max = Math.max(max, x[i]);
                }
                double total = 0;
                for (float value : x) {
                    total += Math.exp(value - max);
                }
                double greatest = max;
                double sum = total;
                MemorySegment memory = row(x, 2);
                kernels.softmax(memory, 2, count);
                // The exponential's 2 units in the last place, a sum of positive terms and a product.
                assertRow(memory, 2, count, i -> Math.exp(x[i] - greatest) / sum, 1e-6, 1e-37);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void softmaxIgnoresMaskedScoresAndKeepsNan(Kernels kernels) {
        float[] x = new float[40];
        java.util.Arrays.fill(x, Float.NEGATIVE_INFINITY);
        x[5] = 1;
        x[38] = 1;
        MemorySegment memory = Native.floats(x);
        kernels.softmax(memory, 0, 40);
        float[] expected = new float[40];
        expected[5] = 0.5f;
        expected[38] = 0.5f;
        assertThat(Native.array(memory)).containsExactly(expected);

        x[7] = Float.NaN;
        memory = Native.floats(x);
        kernels.softmax(memory, 0, 40);
        assertThat(Native.array(memory)[5]).isNaN();
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void addIsExact(Kernels kernels) {
        Random random = new Random(4);
        for (int count : COUNTS) {
            float[] x = RandomWeights.gaussians(count, random);
            float[] y = RandomWeights.gaussians(count, random);
            MemorySegment memory = row(x, 4);
            kernels.add(memory, 4, Native.floats(y), 0, count);
            assertRow(memory, 4, count, i -> x[i] + y[i], 0, 0);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void addScaledRoundsOnce(Kernels kernels) {
        Random random = new Random(14);
        for (int count : COUNTS) {
            float[] x = RandomWeights.gaussians(count, random);
            float[] y = RandomWeights.gaussians(count, random);
            MemorySegment memory = row(x, 4);
            kernels.addScaled(memory, 4, row(y, 1), 1, 0.3f, count);
            assertRow(memory, 4, count, i -> Math.fma(0.3f, y[i], x[i]), 0, 0);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void siluGatesOverItsWholeRange(Kernels kernels) {
        Random random = new Random(5);
        for (int count : COUNTS) {
            float[] gate = gates(count, random);
            float[] up = RandomWeights.gaussians(count, random);
            MemorySegment memory = row(gate, 1);
            kernels.siluMultiply(memory, 1, Native.floats(up), 0, count);
            // −104 and below the exponential is infinite or 0; the result there is below 1e-37 in size.
            assertRow(memory, 1, count, i -> gate[i] / (1 + Math.exp(-(double) gate[i])) * up[i], 1e-6, 1e-36);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void geluGatesOverItsWholeRange(Kernels kernels) {
        Random random = new Random(6);
        for (int count : COUNTS) {
            float[] gate = gates(count, random);
            float[] up = RandomWeights.gaussians(count, random);
            MemorySegment memory = row(gate, 1);
            kernels.geluMultiply(memory, 1, Native.floats(up), 0, count);
            // Far below zero GELU is tiny and its relative error is that of the exponent, up to 90 times as large.
            assertRow(memory, 1, count, i -> gelu(gate[i]) * up[i], 1e-5, 1e-9);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void theClampedGateStaysWithinItsLimits(Kernels kernels) {
        Random random = new Random(15);
        for (int count : COUNTS) {
            float[] gate = gates(count, random);
            float[] up = gates(count, random);
            MemorySegment memory = row(gate, 1);
            kernels.clampedSiluMultiply(memory, 1, row(up, 2), 2, count, 1.702f, 7);
            IntToDoubleFunction expected = i -> {
                double g = Math.min(7, gate[i]);
                return g / (1 + Math.exp(-1.702f * g)) * (1 + Math.max(-7, Math.min(7, up[i])));
            };
            // Where up is close to −1 the sum's rounding of 2⁻²² is all there is, times a gate of at most 7.
            assertRow(memory, 1, count, expected, 1e-6, 2e-6);
        }
    }

    /** Those without the Vector API, where a gate of infinity times the zero of a term that is not there gives no number. */
    static Stream<Kernels> notOfVectors() {
        return Implementations.all().filter(kernels -> !kernels.name().contains("vector"));
    }

    /** What is no number stays none, and infinities go where the formulas send them; scalars say where. */
    @ParameterizedTest
    @MethodSource("notOfVectors")
    void whatIsNoNumberIsTreatedAsTheFormulasTreatIt(Kernels kernels) {
        float[] x = new float[19];
        float[] y = new float[19];
        java.util.Arrays.fill(x, 0.5f);
        java.util.Arrays.fill(y, 2);
        x[1] = Float.NaN;
        x[3] = Float.POSITIVE_INFINITY;
        x[17] = Float.NaN;
        x[18] = Float.POSITIVE_INFINITY;
        y[5] = Float.NaN;
        y[16] = Float.NEGATIVE_INFINITY;
        float[] low = x.clone();
        low[3] = Float.NEGATIVE_INFINITY;
        low[18] = Float.NEGATIVE_INFINITY;
        List<BiConsumer<Kernels, MemorySegment>> operations = List.of(
                (some, row) -> some.silu(row, 1, 19),
                (some, row) -> some.gelu(row, 1, 19),
                (some, row) -> some.reluSquared(row, 1, 19),
                (some, row) -> some.xielu(row, 1, 19, 1.3f, 0.8f, 0.5f, -1e-6f),
                (some, row) -> some.siluMultiply(row, 1, row(y, 1), 1, 19),
                (some, row) -> some.geluMultiply(row, 1, row(y, 1), 1, 19),
                (some, row) -> some.sigmoidMultiply(row, 1, row(y, 1), 1, 19),
                (some, row) -> some.clampedSiluMultiply(row, 1, row(y, 1), 1, 19, 1.702f, 7),
                (some, row) -> some.add(row, 1, row(y, 1), 1, 19),
                (some, row) -> some.multiply(row, 1, row(y, 1), 1, 19),
                (some, row) -> some.addScaled(row, 1, row(y, 1), 1, 0.5f, 19));
        for (int i = 0; i < operations.size(); i++) {
            for (float[] input : new float[][] {x, low}) {
                MemorySegment expected = row(input, 1);
                MemorySegment actual = row(input, 1);
                operations.get(i).accept(KernelProvider.scalar(), expected);
                operations.get(i).accept(kernels, actual);
                for (int k = 0; k < 19; k++) {
                    float right = Native.array(expected)[k + 1];
                    float got = Native.array(actual)[k + 1];
                    assertThat(Float.isNaN(right) ? Float.isNaN(got) : Math.abs(got - right) <= 1e-5f || got == right)
                            .as("operation %d of %s: %s instead of %s", i, input[k], got, right)
                            .isTrue();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void aRowWithWhatIsNoNumberHasNoNorm(Kernels kernels) {
        float[] x = new float[35];
        java.util.Arrays.fill(x, 1);
        x[34] = Float.NaN;
        MemorySegment layer = row(x, 1);
        kernels.layerNorm(layer, 1, layer, 1, null, null, 35, 1e-5f);
        MemorySegment rms = row(x, 1);
        kernels.rmsNorm(rms, 1, rms, 1, Native.floats(x), 35, 1e-5f);
        for (int i = 1; i <= 35; i++) {
            assertThat(Native.array(layer)[i]).isNaN();
            assertThat(Native.array(rms)[i]).isNaN();
        }
        assertThat(kernels.dot(Native.floats(x), 0, Native.floats(x), 0, 35)).isNaN();
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void layerNormTakesOneOfWeightAndBiasAlone(Kernels kernels) {
        Random random = new Random(16);
        for (int count : new int[] {1, 16, 33}) {
            float[] x = RandomWeights.gaussians(count, random);
            float[] factors = RandomWeights.gaussians(count, random);
            MemorySegment plain = guarded(count, 3);
            MemorySegment weighted = guarded(count, 3);
            MemorySegment shifted = guarded(count, 3);
            kernels.layerNorm(plain, 3, Native.floats(x), 0, null, null, count, 1e-5f);
            kernels.layerNorm(weighted, 3, Native.floats(x), 0, Native.floats(factors), null, count, 1e-5f);
            kernels.layerNorm(shifted, 3, Native.floats(x), 0, null, Native.floats(factors), count, 1e-5f);
            float[] normed = Native.array(plain);
            assertRow(weighted, 3, count, i -> normed[i + 3] * factors[i], 1e-6, 1e-9);
            assertRow(shifted, 3, count, i -> normed[i + 3] + factors[i], 1e-6, 1e-6);
        }
    }

    private static double gelu(double x) {
        return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }

    /** Mostly ordinary values, some tiny, some where the exponential leaves float32's range. */
    private static float[] gates(int count, Random random) {
        float[] gate = RandomWeights.gaussians(count, random);
        float[] factors = {1, 1, 4, 10, 40, 200, 1e-4f, 0};
        for (int i = 0; i < count; i++) {
            gate[i] *= factors[i % factors.length];
        }
        return gate;
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void rotationTurnsEachPairByItsAngle(Kernels kernels) {
        Random random = new Random(8);
        for (int dimensions : new int[] {0, 2, 4, 6, 8, 10, 14, 16, 18, 30, 32, 34, 46, 64, 66, 80, 128}) {
            int pairs = dimensions / 2;
            float[] cos = new float[pairs];
            float[] sin = new float[pairs];
            for (int i = 0; i < pairs; i++) {
                double angle = random.nextDouble() * 6;
                cos[i] = (float) Math.cos(angle);
                sin[i] = (float) Math.sin(angle);
            }
            for (int heads : new int[] {0, 1, 3}) {
                int stride = dimensions + 5;
                float[] x = RandomWeights.gaussians(3 * stride, random);
                for (boolean halves : new boolean[] {false, true}) {
                    MemorySegment memory = row(x, 3);
                    kernels.rotate(memory, 3, heads, stride, row(cos, 1), 1, row(sin, 2), 2, dimensions, halves);
                    assertRow(
                            memory,
                            3,
                            x.length,
                            i -> rotated(x, i, i < heads * stride ? dimensions : 0, stride, cos, sin, halves),
                            0,
                            1e-6);
                }
            }
        }
    }

    /** What element {@code i} of some heads becomes; those after the first {@code dimensions} of each stay. */
    private static double rotated(
            float[] x, int i, int dimensions, int stride, float[] cos, float[] sin, boolean halves) {
        int element = i % stride;
        if (element >= dimensions) {
            return x[i];
        }
        int head = i - element;
        int pairs = dimensions / 2;
        int pair = halves ? element % pairs : element / 2;
        boolean first = halves ? element < pairs : element % 2 == 0;
        double a = x[head + (halves ? pair : 2 * pair)];
        double b = x[head + (halves ? pair + pairs : 2 * pair + 1)];
        return first ? a * cos[pair] - b * sin[pair] : a * sin[pair] + b * cos[pair];
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void halvesOfAnyCountAreRoundedAndNothingElseIsWritten(Kernels kernels) {
        Random random = new Random(9);
        for (int count : COUNTS) {
            float[] x = RandomWeights.gaussians(count, random);
            MemorySegment target = Native.bytes(new byte[2 * count + 6]);
            target.fill((byte) 0x55);
            kernels.toHalf(row(x, 1), 1, target, 2, count);
            for (int i = 0; i < count; i++) {
                assertThat(target.get(Native.SHORT, 2L * i + 4)).isEqualTo(Float.floatToFloat16(x[i]));
            }
            assertThat(target.get(Native.SHORT, 2)).isEqualTo((short) 0x5555);
            assertThat(target.get(Native.SHORT, 2L * count + 4)).isEqualTo((short) 0x5555);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void infinityAndNanSurviveRoundingToHalves(Kernels kernels) {
        float[] x = new float[17];
        x[0] = Float.POSITIVE_INFINITY;
        x[1] = Float.NEGATIVE_INFINITY;
        x[2] = Float.NaN;
        x[3] = Float.intBitsToFloat(0xFF800001);
        x[16] = Float.NaN;
        MemorySegment target = Native.bytes(new byte[34]);
        kernels.toHalf(Native.floats(x), 0, target, 0, 17);
        assertThat(half(target, 0)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(half(target, 1)).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(half(target, 2)).isNaN();
        assertThat(half(target, 3)).isNaN();
        assertThat(half(target, 4)).isZero();
        assertThat(half(target, 16)).isNaN();
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void bytesAreTheNearestMultiplesOfTheirBlocksScale(Kernels kernels) {
        Random random = new Random(10);
        for (int count : new int[] {1, 3, 7, 8, 15, 16, 31, 32, 33, 40, 47, 48, 63, 64, 65, 80, 96, 100, 128, 257}) {
            float[] x = RandomWeights.gaussians(count, random);
            int bytes = count + 2 * ((count + 31) / 32);
            MemorySegment target = Native.bytes(new byte[bytes + 6]);
            target.fill((byte) 0x55);
            kernels.toBytes(row(x, 1), 1, target, 3, count);
            for (int i = 0; i < count; i++) {
                float most = 0;
                for (int k = i - i % 32; k < Math.min(count, i - i % 32 + 32); k++) {
                    most = Math.max(most, Math.abs(x[k]));
                }
                long block = 3 + i / 32 * 34L;
                float scale = Float.float16ToFloat(target.get(Native.SHORT, block));
                assertThat(scale).isEqualTo(Float.float16ToFloat(Float.floatToFloat16(most / 127)));
                byte read = target.get(java.lang.foreign.ValueLayout.JAVA_BYTE, block + 2 + i % 32);
                // Half a step, and what the scale loses as a half: 127 times 2⁻¹¹ of it.
                assertThat((double) scale * read).as("%d of %d", i, count).isCloseTo(x[i], offset(0.57 * scale));
                if (Math.abs(x[i]) == most) {
                    assertThat(Math.abs(read)).isEqualTo((byte) 127);
                }
            }
            for (int guard : new int[] {0, 1, 2, bytes + 3, bytes + 4, bytes + 5}) {
                assertThat(target.get(java.lang.foreign.ValueLayout.JAVA_BYTE, guard))
                        .isEqualTo((byte) 0x55);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void blocksOfNoNumbersReadBackAsNoneAndTheSmallestAsZero(Kernels kernels) {
        float[] x = new float[5 * 32];
        x[3] = Float.NaN;
        x[32] = Float.POSITIVE_INFINITY;
        x[40] = 1;
        x[64] = 1e38f;
        java.util.Arrays.fill(x, 96, 128, Float.MIN_VALUE);
        java.util.Arrays.fill(x, 128, 160, -1e-7f);
        MemorySegment target = Native.bytes(new byte[5 * 34]);
        kernels.toBytes(Native.floats(x), 0, target, 0, x.length);
        for (int i : new int[] {3, 32, 40, 64}) {
            assertThat(bytesElement(target, i)).matches(value -> !Float.isFinite(value));
        }
        for (int i = 96; i < 160; i++) {
            assertThat(bytesElement(target, i)).isZero();
        }
    }

    private static float bytesElement(MemorySegment bytes, int i) {
        long block = i / 32 * 34L;
        return Float.float16ToFloat(bytes.get(Native.SHORT, block))
                * bytes.get(java.lang.foreign.ValueLayout.JAVA_BYTE, block + 2 + i % 32);
    }

    private static float half(MemorySegment halves, int i) {
        return Float.float16ToFloat(halves.get(Native.SHORT, 2L * i));
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void rangesOutsideTheirMemoryAreRefused(Kernels kernels) {
        MemorySegment ten = Native.floats(new float[10]);
        MemorySegment nine = Native.floats(new float[9]);
        assertOutside(() -> kernels.dot(ten, 0, nine, 0, 10));
        assertOutside(() -> kernels.dot(ten, 1, ten, 0, 10));
        assertOutside(() -> kernels.dot(ten, 0, ten, 0, -1));
        assertOutside(() -> kernels.rmsNorm(nine, 0, ten, 0, ten, 10, 0));
        assertOutside(() -> kernels.rmsNorm(ten, 0, nine, 0, ten, 10, 0));
        assertOutside(() -> kernels.rmsNorm(ten, 0, ten, 0, nine, 10, 0));
        assertOutside(() -> kernels.layerNorm(nine, 0, ten, 0, ten, ten, 10, 0));
        assertOutside(() -> kernels.layerNorm(ten, 0, nine, 0, ten, ten, 10, 0));
        assertOutside(() -> kernels.layerNorm(ten, 0, ten, 0, nine, ten, 10, 0));
        assertOutside(() -> kernels.layerNorm(ten, 0, ten, 0, null, nine, 10, 0));
        assertOutside(() -> kernels.gelu(nine, 0, 10));
        assertOutside(() -> kernels.reluSquared(nine, 0, 10));
        assertOutside(() -> kernels.xielu(nine, 0, 10, 1, 1, 1, 0));
        assertOutside(() -> kernels.softmax(nine, 0, 10));
        assertOutside(() -> kernels.add(ten, 0, nine, 0, 10));
        assertOutside(() -> kernels.addScaled(ten, 0, nine, 0, 1, 10));
        assertOutside(() -> kernels.siluMultiply(nine, 0, ten, 0, 10));
        assertOutside(() -> kernels.clampedSiluMultiply(ten, 0, nine, 0, 10, 1, 1));
        assertOutside(() -> kernels.geluMultiply(ten, 0, nine, 0, 10));
        assertOutside(() -> kernels.rotate(nine, 0, 1, 0, ten, 0, ten, 0, 10, true));
        assertOutside(() -> kernels.rotate(ten, 0, 2, 5, ten, 0, ten, 0, 6, true));
        assertOutside(() -> kernels.rotate(ten, 0, 3, Long.MAX_VALUE / 2, ten, 0, ten, 0, 4, false));
        assertOutside(() -> kernels.rotate(ten, 0, 2, -1, ten, 0, ten, 0, 4, false));
        assertOutside(() -> kernels.rotate(ten, 0, 1, 0, ten, 6, ten, 0, 10, true));
        assertOutside(() -> kernels.rotate(ten, 0, 1, 0, ten, 0, ten, 6, 10, false));
        assertThatThrownBy(() -> kernels.rotate(ten, 0, 1, 0, ten, 0, ten, 0, 3, true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("pairs");
        assertThatThrownBy(() -> kernels.rotate(ten, 0, -1, 0, ten, 0, ten, 0, 4, true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("heads");
        assertOutside(() -> kernels.toHalf(ten, 0, nine, 9, 10));
        assertOutside(() -> kernels.toHalf(nine, 0, ten, 0, 10));
        assertOutside(() -> kernels.toBytes(nine, 0, ten, 0, 10));
        assertOutside(() -> kernels.toBytes(ten, 0, nine, 25, 10));
        assertThat(Native.array(ten)).containsOnly(0);
        assertThat(Native.array(nine)).containsOnly(0);
    }

    private static void assertOutside(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static MemorySegment guarded(int count, int offset) {
        return row(new float[count], offset);
    }

    /** {@code values} from element {@code offset}, with guards on both sides. */
    private static MemorySegment row(float[] values, int offset) {
        float[] all = new float[values.length + offset + 2];
        java.util.Arrays.fill(all, GUARD);
        System.arraycopy(values, 0, all, offset, values.length);
        return Native.floats(all);
    }

    private static void assertRow(
            MemorySegment memory,
            int offset,
            int count,
            IntToDoubleFunction expected,
            double relative,
            double absolute) {
        float[] actual = Native.array(memory);
        for (int i = 0; i < actual.length; i++) {
            if (i < offset || i >= offset + count) {
                assertThat(actual[i]).as("guard %d", i).isEqualTo(GUARD);
                continue;
            }
            double value = expected.applyAsDouble(i - offset);
            double tolerance = relative * Math.abs(value) + absolute;
            if (!(Math.abs(actual[i] - value) <= tolerance)) {
                throw new AssertionError(
                        "element %d of %d: %s instead of %s".formatted(i - offset, count, actual[i], value));
            }
        }
    }
}
