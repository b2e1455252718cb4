package org.llmspell.kernels.scalar;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.AttentionCall;
import org.llmspell.kernels.Bounds;
import org.llmspell.kernels.CacheFormat;
import org.llmspell.kernels.ConvolutionCall;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.ScanCall;
import org.llmspell.kernels.WeightMatrix;
import org.llmspell.kernels.format.Codec;
import org.llmspell.kernels.format.Codecs;

/**
 * The kernels in plain Java, written to be read: sums run in float64 and are rounded once, so that this is what every faster
 * kernel is held to.
 */
public final class ScalarKernels implements Kernels {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

    /** Elements decoded at a time; a multiple of every format's block. */
    private static final int SLICE = 1024;

    private final ThreadLocal<float[]> row = ThreadLocal.withInitial(() -> new float[SLICE]);
    private final ScalarAttention attention = new ScalarAttention();

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public void dequantize(
            BlockFormat format,
            MemorySegment source,
            long sourceOffset,
            MemorySegment target,
            long targetIndex,
            int count) {
        Codec codec = Codecs.of(format);
        Bounds.dequantize(format, source, sourceOffset, target, targetIndex, count);
        float[] slice = row.get();
        for (int done = 0; done < count; done += SLICE) {
            int elements = Math.min(SLICE, count - done);
            codec.decode(source, sourceOffset + format.bytes(done), elements / format.blockElements(), slice, 0);
            MemorySegment.copy(slice, 0, target, FLOAT, (targetIndex + done) * Float.BYTES, elements);
        }
    }

    @Override
    public void multiply(
            WeightMatrix weights,
            int rowFrom,
            int rowTo,
            MemorySegment x,
            long xIndex,
            long xStride,
            int tokens,
            MemorySegment out,
            long outIndex,
            long outStride) {
        BlockFormat format = weights.format();
        Codec codec = Codecs.of(format);
        Bounds.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
        int columns = weights.columns();
        float[] w = wholeRow(columns);
        for (int r = rowFrom; r < rowTo; r++) {
            codec.decode(weights.data(), r * weights.rowBytes(), columns / format.blockElements(), w, 0);
            for (int t = 0; t < tokens; t++) {
                float sum = dot(w, x, (xIndex + t * xStride) * Float.BYTES, columns);
                out.set(FLOAT, (outIndex + t * outStride + r) * Float.BYTES, sum);
            }
        }
    }

    private float[] wholeRow(int columns) {
        float[] w = row.get();
        if (w.length < columns) {
            w = new float[columns];
            row.set(w);
        }
        return w;
    }

    /** Four sums side by side, since one would wait for each addition's latency. */
    private static float dot(float[] w, MemorySegment x, long xByte, int columns) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int k = 0;
        for (; k + 4 <= columns; k += 4) {
            long at = xByte + k * 4L;
            a += (double) w[k] * x.get(FLOAT, at);
            b += (double) w[k + 1] * x.get(FLOAT, at + 4);
            c += (double) w[k + 2] * x.get(FLOAT, at + 8);
            d += (double) w[k + 3] * x.get(FLOAT, at + 12);
        }
        for (; k < columns; k++) {
            a += (double) w[k] * x.get(FLOAT, xByte + k * 4L);
        }
        return (float) (a + b + (c + d));
    }

    @Override
    public float dot(MemorySegment a, long aIndex, MemorySegment b, long bIndex, int count) {
        Bounds.floats(a, aIndex, count);
        Bounds.floats(b, bIndex, count);
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += (double) get(a, aIndex + i) * get(b, bIndex + i);
        }
        return (float) sum;
    }

    @Override
    public void rmsNorm(
            MemorySegment out,
            long outIndex,
            MemorySegment x,
            long xIndex,
            MemorySegment weight,
            int count,
            float epsilon) {
        Bounds.floats(out, outIndex, count);
        Bounds.floats(x, xIndex, count);
        Bounds.floats(weight, 0, count);
        double squares = 0;
        for (int i = 0; i < count; i++) {
            double value = get(x, xIndex + i);
            squares += value * value;
        }
        float scale = (float) (1 / Math.sqrt(squares / count + epsilon));
        for (int i = 0; i < count; i++) {
            set(out, outIndex + i, get(x, xIndex + i) * scale * get(weight, i));
        }
    }

    @Override
    public void layerNorm(
            MemorySegment out,
            long outIndex,
            MemorySegment x,
            long xIndex,
            @Nullable MemorySegment weight,
            @Nullable MemorySegment bias,
            int count,
            float epsilon) {
        Bounds.layerNorm(out, outIndex, x, xIndex, weight, bias, count);
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += get(x, xIndex + i);
        }
        double mean = sum / count;
        double squares = 0;
        for (int i = 0; i < count; i++) {
            double deviation = get(x, xIndex + i) - mean;
            squares += deviation * deviation;
        }
        double scale = 1 / Math.sqrt(squares / count + epsilon);
        for (int i = 0; i < count; i++) {
            float normed = (float) ((get(x, xIndex + i) - mean) * scale);
            float scaled = weight == null ? normed : normed * get(weight, i);
            set(out, outIndex + i, bias == null ? scaled : scaled + get(bias, i));
        }
    }

    @Override
    public void softmax(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            max = Math.max(max, get(x, index + i));
        }
        double sum = 0;
        for (int i = 0; i < count; i++) {
            float value = (float) Math.exp(get(x, index + i) - max);
            set(x, index + i, value);
            sum += value;
        }
        float scale = (float) (1 / sum);
        for (int i = 0; i < count; i++) {
            set(x, index + i, get(x, index + i) * scale);
        }
    }

    @Override
    public void add(MemorySegment x, long xIndex, MemorySegment y, long yIndex, int count) {
        Bounds.floats(x, xIndex, count);
        Bounds.floats(y, yIndex, count);
        for (int i = 0; i < count; i++) {
            set(x, xIndex + i, get(x, xIndex + i) + get(y, yIndex + i));
        }
    }

    @Override
    public void addScaled(MemorySegment x, long xIndex, MemorySegment y, long yIndex, float scale, int count) {
        Bounds.floats(x, xIndex, count);
        Bounds.floats(y, yIndex, count);
        for (int i = 0; i < count; i++) {
            set(x, xIndex + i, Math.fma(scale, get(y, yIndex + i), get(x, xIndex + i)));
        }
    }

    @Override
    public void siluMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        Bounds.floats(gate, gateIndex, count);
        Bounds.floats(up, upIndex, count);
        for (int i = 0; i < count; i++) {
            double g = get(gate, gateIndex + i);
            set(gate, gateIndex + i, (float) (g / (1 + Math.exp(-g))) * get(up, upIndex + i));
        }
    }

    @Override
    public void geluMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        Bounds.floats(gate, gateIndex, count);
        Bounds.floats(up, upIndex, count);
        for (int i = 0; i < count; i++) {
            set(gate, gateIndex + i, gelu(get(gate, gateIndex + i)) * get(up, upIndex + i));
        }
    }

    @Override
    public void gelu(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        for (int i = 0; i < count; i++) {
            set(x, index + i, gelu(get(x, index + i)));
        }
    }

    private static float gelu(double x) {
        return (float) (0.5 * x * (1 + Math.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x))));
    }

    @Override
    public void reluSquared(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        for (int i = 0; i < count; i++) {
            float positive = Math.max(0, get(x, index + i));
            set(x, index + i, positive * positive);
        }
    }

    @Override
    public void sigmoidMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        Bounds.floats(gate, gateIndex, count);
        Bounds.floats(up, upIndex, count);
        for (int i = 0; i < count; i++) {
            double sigmoid = 1 / (1 + Math.exp(-get(gate, gateIndex + i)));
            set(gate, gateIndex + i, (float) (sigmoid * get(up, upIndex + i)));
        }
    }

    @Override
    public void clampedSiluMultiply(
            MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count, float alpha, float limit) {
        Bounds.floats(gate, gateIndex, count);
        Bounds.floats(up, upIndex, count);
        for (int i = 0; i < count; i++) {
            double g = Math.min(get(gate, gateIndex + i), limit);
            double u = Math.max(-limit, Math.min(limit, get(up, upIndex + i)));
            set(gate, gateIndex + i, (float) (g / (1 + Math.exp(-alpha * g)) * (u + 1)));
        }
    }

    @Override
    public void silu(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        for (int i = 0; i < count; i++) {
            double value = get(x, index + i);
            set(x, index + i, (float) (value / (1 + Math.exp(-value))));
        }
    }

    @Override
    public void multiply(MemorySegment x, long xIndex, MemorySegment y, long yIndex, int count) {
        Bounds.floats(x, xIndex, count);
        Bounds.floats(y, yIndex, count);
        for (int i = 0; i < count; i++) {
            set(x, xIndex + i, get(x, xIndex + i) * get(y, yIndex + i));
        }
    }

    @Override
    public void convolution(ConvolutionCall call, int from, int to) {
        Bounds.convolution(call, from, to);
        ScalarRecurrence.convolution(call, from, to);
    }

    @Override
    public void scan(ScanCall call, int head) {
        Bounds.scan(call, head);
        ScalarRecurrence.scan(call, head);
    }

    @Override
    public void xielu(
            MemorySegment x, long index, int count, float negative, float positive, float beta, float epsilon) {
        Bounds.floats(x, index, count);
        for (int i = 0; i < count; i++) {
            double value = get(x, index + i);
            double bent =
                    value > 0 ? positive * value * value : negative * (Math.expm1(Math.min(value, epsilon)) - value);
            set(x, index + i, (float) (bent + beta * value));
        }
    }

    @Override
    public void rotate(
            MemorySegment x,
            long index,
            int heads,
            long stride,
            MemorySegment cos,
            long cosIndex,
            MemorySegment sin,
            long sinIndex,
            int dimensions,
            boolean halves) {
        Bounds.rotate(x, index, heads, stride, cos, cosIndex, sin, sinIndex, dimensions);
        int pairs = dimensions / 2;
        for (int head = 0; head < heads; head++) {
            long start = index + head * stride;
            for (int i = 0; i < pairs; i++) {
                long first = start + (halves ? i : 2 * i);
                long second = halves ? first + pairs : first + 1;
                float a = get(x, first);
                float b = get(x, second);
                float c = get(cos, cosIndex + i);
                float s = get(sin, sinIndex + i);
                set(x, first, a * c - b * s);
                set(x, second, a * s + b * c);
            }
        }
    }

    @Override
    public void toHalf(MemorySegment x, long index, MemorySegment target, long targetIndex, int count) {
        Bounds.floats(x, index, count);
        Bounds.halves(target, targetIndex, count);
        for (int i = 0; i < count; i++) {
            target.set(SHORT, (targetIndex + i) * Short.BYTES, Float.floatToFloat16(get(x, index + i)));
        }
    }

    @Override
    public void toBytes(MemorySegment x, long index, MemorySegment target, long targetOffset, int count) {
        Bounds.toBytes(x, index, target, targetOffset, count);
        long offset = targetOffset;
        for (int from = 0; from < count; from += CacheFormat.BLOCK) {
            int to = Math.min(count, from + CacheFormat.BLOCK);
            float most = 0;
            for (int i = from; i < to; i++) {
                most = Math.max(most, Math.abs(get(x, index + i)));
            }
            float scale = most / 127;
            short stored = Float.floatToFloat16(scale);
            // A scale that a half cannot hold is zero, and then everything is.
            float inverse = stored == 0 ? 0 : 1 / scale;
            target.set(SHORT, offset, stored);
            offset += Short.BYTES;
            for (int i = from; i < to; i++) {
                target.set(ValueLayout.JAVA_BYTE, offset++, (byte) Math.rint(get(x, index + i) * inverse));
            }
        }
    }

    @Override
    public void attention(AttentionCall call, int kvHead, int rowFrom, int rowTo) {
        Bounds.attention(call, kvHead, rowFrom, rowTo);
        attention.run(call, kvHead, rowFrom, rowTo);
    }

    private static float get(MemorySegment segment, long index) {
        return segment.get(FLOAT, index * Float.BYTES);
    }

    private static void set(MemorySegment segment, long index, float value) {
        segment.set(FLOAT, index * Float.BYTES, value);
    }
}
