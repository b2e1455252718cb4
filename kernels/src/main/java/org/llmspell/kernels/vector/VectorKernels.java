package org.llmspell.kernels.vector;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.AttentionCall;
import org.llmspell.kernels.Bounds;
import org.llmspell.kernels.ConvolutionCall;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.NativeMemory;
import org.llmspell.kernels.ScanCall;
import org.llmspell.kernels.WeightMatrix;
import org.llmspell.kernels.format.Codecs;

/**
 * The kernels on the Vector API: checks the arguments as {@link Kernels} promises, then computes on plain addresses. Memory on
 * the Java heap has no address; a call with such a segment runs on the scalar kernels.
 *
 * <p>Whoever owns a closable arena must not close it during a call: the memory is not locked (see {@link Simd}).
 */
public final class VectorKernels implements Kernels {
    private final Kernels scalar;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    /**
     * Vector kernels that leave some calls to others.
     *
     * @param scalar computes what is not in native memory
     */
    public VectorKernels(Kernels scalar) {
        this.scalar = scalar;
    }

    /** Whether this processor and virtual machine have vectors that these kernels can use. */
    public static boolean supported() {
        return Simd.supported();
    }

    @Override
    public String name() {
        return "vector (" + Simd.F.vectorBitSize() + "-bit)";
    }

    @Override
    public void dequantize(
            BlockFormat format,
            MemorySegment source,
            long sourceOffset,
            MemorySegment target,
            long targetIndex,
            int count) {
        Codecs.of(format);
        Bounds.dequantize(format, source, sourceOffset, target, targetIndex, count);
        if (!usable(source) || !usable(target) || target.isReadOnly()) {
            scalar.dequantize(format, source, sourceOffset, target, targetIndex, count);
            return;
        }
        Product.expand(format, source.address() + sourceOffset, at(target, targetIndex), count, scratch.get());
        NativeMemory.keep(source, target, target);
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
        Codecs.of(weights.format());
        Bounds.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
        if (!usable(weights.data()) || !usable(x) || !usable(out) || out.isReadOnly()) {
            scalar.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
            return;
        }
        if (tokens == 1) {
            Product.one(weights, rowFrom, rowTo, at(x, xIndex), at(out, outIndex), scratch.get());
        } else if (tokens > 1) {
            Product.batch(
                    weights,
                    rowFrom,
                    rowTo,
                    at(x, xIndex),
                    4 * xStride,
                    tokens,
                    at(out, outIndex),
                    4 * outStride,
                    scratch.get());
        }
        NativeMemory.keep(weights.data(), x, out);
    }

    @Override
    public float dot(MemorySegment a, long aIndex, MemorySegment b, long bIndex, int count) {
        Bounds.floats(a, aIndex, count);
        Bounds.floats(b, bIndex, count);
        if (!usable(a) || !usable(b)) {
            return scalar.dot(a, aIndex, b, bIndex, count);
        }
        float dot = Dense.dot(at(a, aIndex), at(b, bIndex), count);
        NativeMemory.keep(a, b, b);
        return dot;
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
        if (!usable(out) || !usable(x) || !usable(weight) || out.isReadOnly()) {
            scalar.rmsNorm(out, outIndex, x, xIndex, weight, count, epsilon);
            return;
        }
        Elementwise.rmsNorm(at(out, outIndex), at(x, xIndex), weight.address(), count, epsilon);
        NativeMemory.keep(out, x, weight);
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
        boolean usable = usable(out) && usable(x) && !out.isReadOnly();
        if (!usable || (weight != null && !usable(weight)) || (bias != null && !usable(bias))) {
            scalar.layerNorm(out, outIndex, x, xIndex, weight, bias, count, epsilon);
            return;
        }
        Elementwise.standardize(at(out, outIndex), at(x, xIndex), count, epsilon);
        if (weight != null) {
            Elementwise.multiply(at(out, outIndex), weight.address(), count);
            NativeMemory.keep(weight, weight, weight);
        }
        if (bias != null) {
            Elementwise.add(at(out, outIndex), bias.address(), count);
            NativeMemory.keep(bias, bias, bias);
        }
        NativeMemory.keep(out, x, x);
    }

    @Override
    public void softmax(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        if (!usable(x) || x.isReadOnly()) {
            scalar.softmax(x, index, count);
            return;
        }
        Elementwise.softmax(at(x, index), count);
        NativeMemory.keep(x, x, x);
    }

    @Override
    public void add(MemorySegment x, long xIndex, MemorySegment y, long yIndex, int count) {
        Bounds.floats(x, xIndex, count);
        Bounds.floats(y, yIndex, count);
        if (!usable(x) || !usable(y) || x.isReadOnly()) {
            scalar.add(x, xIndex, y, yIndex, count);
            return;
        }
        Elementwise.add(at(x, xIndex), at(y, yIndex), count);
        NativeMemory.keep(x, y, y);
    }

    @Override
    public void addScaled(MemorySegment x, long xIndex, MemorySegment y, long yIndex, float scale, int count) {
        Bounds.floats(x, xIndex, count);
        Bounds.floats(y, yIndex, count);
        if (!usable(x) || !usable(y) || x.isReadOnly()) {
            scalar.addScaled(x, xIndex, y, yIndex, scale, count);
            return;
        }
        Elementwise.addScaled(at(x, xIndex), at(y, yIndex), scale, count);
        NativeMemory.keep(x, y, y);
    }

    @Override
    public void siluMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        Bounds.floats(gate, gateIndex, count);
        Bounds.floats(up, upIndex, count);
        if (!usable(gate) || !usable(up) || gate.isReadOnly()) {
            scalar.siluMultiply(gate, gateIndex, up, upIndex, count);
            return;
        }
        Elementwise.siluMultiply(at(gate, gateIndex), at(up, upIndex), count);
        NativeMemory.keep(gate, up, up);
    }

    @Override
    public void geluMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        Bounds.floats(gate, gateIndex, count);
        Bounds.floats(up, upIndex, count);
        if (!usable(gate) || !usable(up) || gate.isReadOnly()) {
            scalar.geluMultiply(gate, gateIndex, up, upIndex, count);
            return;
        }
        Elementwise.geluMultiply(at(gate, gateIndex), at(up, upIndex), count);
        NativeMemory.keep(gate, up, up);
    }

    @Override
    public void clampedSiluMultiply(
            MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count, float alpha, float limit) {
        Bounds.floats(gate, gateIndex, count);
        Bounds.floats(up, upIndex, count);
        if (!usable(gate) || !usable(up) || gate.isReadOnly() || up.isReadOnly()) {
            scalar.clampedSiluMultiply(gate, gateIndex, up, upIndex, count, alpha, limit);
            return;
        }
        Elementwise.clampedSiluMultiply(at(gate, gateIndex), at(up, upIndex), count, alpha, limit);
        NativeMemory.keep(gate, up, up);
    }

    @Override
    public void gelu(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        if (!usable(x) || x.isReadOnly()) {
            scalar.gelu(x, index, count);
            return;
        }
        Elementwise.gelu(at(x, index), count);
        NativeMemory.keep(x, x, x);
    }

    @Override
    public void reluSquared(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        if (!usable(x) || x.isReadOnly()) {
            scalar.reluSquared(x, index, count);
            return;
        }
        Elementwise.reluSquared(at(x, index), count);
        NativeMemory.keep(x, x, x);
    }

    @Override
    public void xielu(
            MemorySegment x, long index, int count, float negative, float positive, float beta, float epsilon) {
        Bounds.floats(x, index, count);
        if (!usable(x) || x.isReadOnly()) {
            scalar.xielu(x, index, count, negative, positive, beta, epsilon);
            return;
        }
        Elementwise.xielu(at(x, index), count, negative, positive, beta, epsilon);
        NativeMemory.keep(x, x, x);
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
        if (!usable(x) || !usable(cos) || !usable(sin) || x.isReadOnly()) {
            scalar.rotate(x, index, heads, stride, cos, cosIndex, sin, sinIndex, dimensions, halves);
            return;
        }
        for (int head = 0; head < heads; head++) {
            long first = at(x, index + head * stride);
            if (halves) {
                Rotary.halves(first, at(cos, cosIndex), at(sin, sinIndex), dimensions / 2);
            } else {
                Rotary.neighbours(first, at(cos, cosIndex), at(sin, sinIndex), dimensions / 2);
            }
        }
        NativeMemory.keep(x, cos, sin);
    }

    @Override
    public void toHalf(MemorySegment x, long index, MemorySegment target, long targetIndex, int count) {
        Bounds.floats(x, index, count);
        Bounds.halves(target, targetIndex, count);
        if (!usable(x) || !usable(target) || target.isReadOnly()) {
            scalar.toHalf(x, index, target, targetIndex, count);
            return;
        }
        Halves.round(at(x, index), target.address() + 2 * targetIndex, count);
        NativeMemory.keep(x, target, target);
    }

    @Override
    public void toBytes(MemorySegment x, long index, MemorySegment target, long targetOffset, int count) {
        Bounds.toBytes(x, index, target, targetOffset, count);
        if (!usable(x) || !usable(target) || target.isReadOnly()) {
            scalar.toBytes(x, index, target, targetOffset, count);
            return;
        }
        CachedBytes.round(at(x, index), target.address() + targetOffset, count);
        NativeMemory.keep(x, target, target);
    }

    @Override
    public void sigmoidMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        Bounds.floats(gate, gateIndex, count);
        Bounds.floats(up, upIndex, count);
        if (!usable(gate) || !usable(up) || gate.isReadOnly()) {
            scalar.sigmoidMultiply(gate, gateIndex, up, upIndex, count);
            return;
        }
        Elementwise.sigmoidMultiply(at(gate, gateIndex), at(up, upIndex), count);
        NativeMemory.keep(gate, up, up);
    }

    @Override
    public void silu(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        if (!usable(x) || x.isReadOnly()) {
            scalar.silu(x, index, count);
            return;
        }
        Elementwise.silu(at(x, index), count);
        NativeMemory.keep(x, x, x);
    }

    @Override
    public void multiply(MemorySegment x, long xIndex, MemorySegment y, long yIndex, int count) {
        Bounds.floats(x, xIndex, count);
        Bounds.floats(y, yIndex, count);
        if (!usable(x) || !usable(y) || x.isReadOnly()) {
            scalar.multiply(x, xIndex, y, yIndex, count);
            return;
        }
        Elementwise.multiply(at(x, xIndex), at(y, yIndex), count);
        NativeMemory.keep(x, y, y);
    }

    @Override
    public void convolution(ConvolutionCall call, int from, int to) {
        Bounds.convolution(call, from, to);
        if (!writable(call.x(), call.after(), call.kept())
                || !usable(call.weights())
                || !usable(call.before())
                || (call.bias() != null && !usable(call.bias()))) {
            scalar.convolution(call, from, to);
            return;
        }
        VectorRecurrence.convolution(call, from, to);
        NativeMemory.keep(call, call, call);
    }

    @Override
    public void scan(ScanCall call, int head) {
        Bounds.scan(call, head);
        if (!writable(call.out(), call.after(), call.kept())
                || !usable(call.in())
                || !usable(call.gates())
                || !usable(call.before())) {
            scalar.scan(call, head);
            return;
        }
        VectorRecurrence.scan(call, head);
        NativeMemory.keep(call, call, call);
    }

    private static boolean writable(MemorySegment a, MemorySegment b, @Nullable MemorySegment c) {
        return usable(a)
                && usable(b)
                && !a.isReadOnly()
                && !b.isReadOnly()
                && (c == null || (usable(c) && !c.isReadOnly()));
    }

    @Override
    public void attention(AttentionCall call, int kvHead, int rowFrom, int rowTo) {
        Bounds.attention(call, kvHead, rowFrom, rowTo);
        if (rowFrom == rowTo) {
            return;
        }
        if (!NativeMemory.reachable(call, rowFrom, rowTo)) {
            scalar.attention(call, kvHead, rowFrom, rowTo);
            return;
        }
        VectorAttention.run(call, kvHead, rowFrom, rowTo, scratch.get());
        NativeMemory.keep(call, call, call);
    }

    /** What is not reachable goes the scalar way, which throws for closed memory. */
    private static boolean usable(MemorySegment segment) {
        return NativeMemory.reachable(segment);
    }

    private static long at(MemorySegment segment, long index) {
        return segment.address() + Float.BYTES * index;
    }
}
