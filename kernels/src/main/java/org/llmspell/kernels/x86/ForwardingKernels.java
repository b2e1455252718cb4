package org.llmspell.kernels.x86;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.AttentionCall;
import org.llmspell.kernels.ConvolutionCall;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.ScanCall;

/** Leaves to other kernels what has no assembled code. */
abstract class ForwardingKernels implements Kernels {
    final Kernels others;

    ForwardingKernels(Kernels others) {
        this.others = others;
    }

    @Override
    public boolean supports(BlockFormat format) {
        return others.supports(format);
    }

    @Override
    public void dequantize(
            BlockFormat format,
            MemorySegment source,
            long sourceOffset,
            MemorySegment target,
            long targetIndex,
            int count) {
        others.dequantize(format, source, sourceOffset, target, targetIndex, count);
    }

    @Override
    public float dot(MemorySegment a, long aIndex, MemorySegment b, long bIndex, int count) {
        return others.dot(a, aIndex, b, bIndex, count);
    }

    @Override
    public void softmax(MemorySegment x, long index, int count) {
        others.softmax(x, index, count);
    }

    @Override
    public void multiply(MemorySegment x, long xIndex, MemorySegment y, long yIndex, int count) {
        others.multiply(x, xIndex, y, yIndex, count);
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
        others.layerNorm(out, outIndex, x, xIndex, weight, bias, count, epsilon);
    }

    @Override
    public void addScaled(MemorySegment x, long xIndex, MemorySegment y, long yIndex, float scale, int count) {
        others.addScaled(x, xIndex, y, yIndex, scale, count);
    }

    @Override
    public void gelu(MemorySegment x, long index, int count) {
        others.gelu(x, index, count);
    }

    @Override
    public void reluSquared(MemorySegment x, long index, int count) {
        others.reluSquared(x, index, count);
    }

    @Override
    public void xielu(
            MemorySegment x, long index, int count, float negative, float positive, float beta, float epsilon) {
        others.xielu(x, index, count, negative, positive, beta, epsilon);
    }

    @Override
    public void sigmoidMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        others.sigmoidMultiply(gate, gateIndex, up, upIndex, count);
    }

    @Override
    public void silu(MemorySegment x, long index, int count) {
        others.silu(x, index, count);
    }

    @Override
    public void clampedSiluMultiply(
            MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count, float alpha, float limit) {
        others.clampedSiluMultiply(gate, gateIndex, up, upIndex, count, alpha, limit);
    }

    @Override
    public void toBytes(MemorySegment x, long index, MemorySegment target, long targetOffset, int count) {
        others.toBytes(x, index, target, targetOffset, count);
    }

    @Override
    public void convolution(ConvolutionCall call, int from, int to) {
        others.convolution(call, from, to);
    }

    @Override
    public void scan(ScanCall call, int head) {
        others.scan(call, head);
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
        others.rmsNorm(out, outIndex, x, xIndex, weight, count, epsilon);
    }

    @Override
    public void add(MemorySegment x, long xIndex, MemorySegment y, long yIndex, int count) {
        others.add(x, xIndex, y, yIndex, count);
    }

    @Override
    public void siluMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        others.siluMultiply(gate, gateIndex, up, upIndex, count);
    }

    @Override
    public void geluMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        others.geluMultiply(gate, gateIndex, up, upIndex, count);
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
        others.rotate(x, index, heads, stride, cos, cosIndex, sin, sinIndex, dimensions, halves);
    }

    @Override
    public void toHalf(MemorySegment x, long index, MemorySegment target, long targetIndex, int count) {
        others.toHalf(x, index, target, targetIndex, count);
    }

    @Override
    public void attention(AttentionCall call, int kvHead, int rowFrom, int rowTo) {
        others.attention(call, kvHead, rowFrom, rowTo);
    }
}
