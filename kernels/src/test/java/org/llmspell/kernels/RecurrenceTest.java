package org.llmspell.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Convolutions and recurrences against the formulas in float64, at sizes around every vector width. */
class RecurrenceTest {
    /** Float32 sums of a few dozen terms of order 1, carried on over a few tokens. */
    private static final double TOLERANCE = 2e-5;

    static Stream<Kernels> implementations() {
        return Implementations.all();
    }

    private static float at(MemorySegment segment, long index) {
        return segment.getAtIndex(ValueLayout.JAVA_FLOAT, index);
    }

    private static float[] values(MemorySegment segment) {
        return segment.toArray(ValueLayout.JAVA_FLOAT);
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void aConvolutionWeighsEachChannelsLastInputs(Kernels kernels) {
        Random random = new Random(1);
        int taps = 4;
        for (int channels : new int[] {1, 15, 16, 37}) {
            for (int tokens : new int[] {1, 2, 3, 9}) {
                int stride = channels + 3;
                float[] x = RandomWeights.gaussians(tokens * stride, random);
                float[] weights = RandomWeights.gaussians(taps * channels, random);
                float[] bias = RandomWeights.gaussians(channels, random);
                float[] before = RandomWeights.gaussians((taps - 1) * channels, random);
                MemorySegment data = Native.floats(x);
                MemorySegment after = Native.floats(new float[before.length]);
                MemorySegment kept = Native.floats(new float[before.length]);
                int keptTokens = tokens / 2;
                ConvolutionCall call = new ConvolutionCall(
                        tokens,
                        channels,
                        taps,
                        data,
                        2,
                        stride,
                        Native.floats(weights),
                        tokens % 2 == 0 ? null : Native.floats(bias),
                        Native.floats(before),
                        after,
                        kept,
                        keptTokens);
                kernels.convolution(call, 0, channels / 2);
                kernels.convolution(call, channels / 2, channels);
                for (int c = 0; c < channels; c++) {
                    double[] inputs = new double[taps - 1 + tokens];
                    for (int i = 0; i < inputs.length; i++) {
                        inputs[i] = i < taps - 1 ? before[i * channels + c] : x[2 + (i - taps + 1) * stride + c];
                    }
                    for (int t = 0; t < tokens; t++) {
                        double expected = tokens % 2 == 0 ? 0 : bias[c];
                        for (int j = 0; j < taps; j++) {
                            expected += weights[j * channels + c] * inputs[t + j];
                        }
                        assertThat(Math.abs(at(data, 2 + (long) t * stride + c) - expected))
                                .isLessThan(TOLERANCE);
                    }
                    for (int i = 0; i < taps - 1; i++) {
                        assertThat((double) at(after, (long) i * channels + c)).isEqualTo(inputs[tokens + i]);
                        assertThat((double) at(kept, (long) i * channels + c)).isEqualTo(inputs[keptTokens + i]);
                    }
                }
                assertThat(at(data, 2 + channels)).as("between the rows").isEqualTo(x[2 + channels]);
                assertThat(values(call.before())).isEqualTo(before);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void aScanCarriesTheStateFromTokenToToken(Kernels kernels) {
        Random random = new Random(2);
        for (int keys : new int[] {1, 15, 32, 35}) {
            for (int values : new int[] {3, 8, 9}) {
                for (boolean corrects : new boolean[] {false, true}) {
                    for (boolean neighbours : new boolean[] {false, true}) {
                        scan(kernels, random, keys, values, corrects, neighbours);
                    }
                }
            }
        }
    }

    private static void scan(
            Kernels kernels, Random random, int keys, int values, boolean corrects, boolean neighbours) {
        int tokens = 5;
        int heads = 4;
        int keyHeads = 2;
        int keptTokens = 2;
        float scale = 0.7f;
        int inStride = 2 * keyHeads * keys + heads * values + 1;
        float[] in = RandomWeights.gaussians(tokens * inStride, random);
        for (int i = 0; i < in.length; i++) {
            in[i] /= (float) Math.sqrt(keys);
        }
        float[] gates = new float[tokens * 2 * heads];
        for (int i = 0; i < gates.length; i++) {
            gates[i] = random.nextFloat();
        }
        float[] before = RandomWeights.gaussians(heads * values * keys, random);
        MemorySegment out = Native.floats(new float[tokens * heads * values]);
        MemorySegment after = Native.floats(new float[before.length]);
        MemorySegment kept = Native.floats(new float[before.length]);
        ScanCall call = new ScanCall(
                tokens,
                heads,
                keyHeads,
                neighbours,
                keys,
                values,
                Native.floats(in),
                inStride,
                0,
                (long) keyHeads * keys,
                2L * keyHeads * keys,
                Native.floats(gates),
                2L * heads,
                0,
                heads,
                out,
                0,
                (long) heads * values,
                Native.floats(before),
                after,
                kept,
                keptTokens,
                corrects,
                scale);
        for (int head = 0; head < heads; head++) {
            kernels.scan(call, head);
        }
        for (int head = 0; head < heads; head++) {
            int keyHead = neighbours ? head / 2 : head % 2;
            double[][] state = new double[values][keys];
            for (int v = 0; v < values; v++) {
                for (int k = 0; k < keys; k++) {
                    state[v][k] = before[(head * values + v) * keys + k];
                }
            }
            for (int t = 0; t < tokens; t++) {
                double decay = gates[t * 2 * heads + head];
                double rate = gates[t * 2 * heads + heads + head];
                for (int v = 0; v < values; v++) {
                    double seen = 0;
                    for (int k = 0; k < keys; k++) {
                        state[v][k] *= decay;
                        seen += state[v][k] * in[t * inStride + (keyHeads + keyHead) * keys + k];
                    }
                    double value = in[t * inStride + 2 * keyHeads * keys + head * values + v];
                    double change = rate * (corrects ? value - seen : value);
                    double result = 0;
                    for (int k = 0; k < keys; k++) {
                        state[v][k] += change * in[t * inStride + (keyHeads + keyHead) * keys + k];
                        result += state[v][k] * in[t * inStride + keyHead * keys + k];
                    }
                    assertThat(Math.abs(at(out, ((long) t * heads + head) * values + v) - result * scale))
                            .isLessThan(TOLERANCE);
                    if (t + 1 == keptTokens || t + 1 == tokens) {
                        MemorySegment written = t + 1 == tokens ? after : kept;
                        for (int k = 0; k < keys; k++) {
                            assertThat(Math.abs(at(written, ((long) head * values + v) * keys + k) - state[v][k]))
                                    .isLessThan(TOLERANCE);
                        }
                    }
                }
            }
        }
        assertThat(values(call.before())).isEqualTo(before);
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void gatesByTheLogisticFunction(Kernels kernels) {
        Random random = new Random(3);
        for (int count : new int[] {1, 7, 16, 33}) {
            float[] gate = RandomWeights.gaussians(count, random);
            float[] up = RandomWeights.gaussians(count, random);
            MemorySegment sigmoid = Native.floats(gate);
            MemorySegment silu = Native.floats(gate);
            MemorySegment product = Native.floats(gate);
            kernels.sigmoidMultiply(sigmoid, 0, Native.floats(up), 0, count);
            kernels.silu(silu, 0, count);
            kernels.multiply(product, 0, Native.floats(up), 0, count);
            for (int i = 0; i < count; i++) {
                double logistic = 1 / (1 + Math.exp(-gate[i]));
                assertThat(Math.abs(at(sigmoid, i) - logistic * up[i])).isLessThan(1e-6);
                assertThat(Math.abs(at(silu, i) - logistic * gate[i])).isLessThan(1e-6);
                assertThat(at(product, i)).isEqualTo(gate[i] * up[i]);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void aStateThatIsTooSmallIsRefused(Kernels kernels) {
        MemorySegment some = Native.floats(new float[8]);
        MemorySegment few = Native.floats(new float[7]);
        assertThatThrownBy(() -> kernels.convolution(
                        new ConvolutionCall(
                                2, 4, 3, some, 0, 4, Native.floats(new float[12]), null, some, few, null, 0),
                        0,
                        4))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> kernels.scan(
                        new ScanCall(
                                1, 2, 1, true, 2, 2, some, 8, 0, 2, 4, some, 4, 0, 2, some, 0, 4, some, few, null, 0,
                                true, 1),
                        0))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }
}
