package org.llmspell.kernels.x86;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.AttentionCall;
import org.llmspell.kernels.Bounds;
import org.llmspell.kernels.ConvolutionCall;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.ScanCall;
import org.llmspell.kernels.WeightMatrix;

/**
 * Kernels assembled at start for x86-64 processors with AVX-512 VNNI: products of the common quantized formats with
 * activations rounded to 8 bits, where the matrix is large enough for that to matter. Everything else is left to other kernels. Thread-safe.
 *
 * <p>Rounding moves a product by some 0.3% of {@code Σ |w · a|}, as other engines do; the tests hold it to 1%. What
 * {@link Kernels#multiply} gives for a row and a token depends neither on the other rows nor on the other tokens.
 */
public final class X86Kernels implements Kernels {
    /**
     * Weights of a matrix from which on rounding pays: smaller ones are read in microseconds, as exactly as the other kernels do.
     * Every matrix of a model that takes a user's time is larger, but for some key and value projections.
     */
    private static final long WORTH_ROUNDING = 1 << 18;

    private final Kernels others;
    private final X86Products products;
    private final long smallest;

    private X86Kernels(Kernels others, X86Products products, long smallest) {
        this.others = others;
        this.products = products;
        this.smallest = smallest;
    }

    /** These kernels cannot run here; the message says why. */
    public static final class Unavailable extends Exception {
        private static final long serialVersionUID = 1;

        Unavailable(String message) {
            super(message);
        }
    }

    /**
     * Assembles the kernels for this processor.
     *
     * @param others compute what these do not
     */
    public static Kernels assemble(Kernels others) throws Unavailable {
        return assemble(others, WORTH_ROUNDING);
    }

    /**
     * {@link #assemble(Kernels)} with another limit.
     *
     * @param smallest matrices of fewer weights are left to {@code others}
     */
    public static Kernels assemble(Kernels others, long smallest) throws Unavailable {
        try {
            if (!CpuFeatures.detect().avx512Vnni()) {
                throw new Unavailable("the processor has no AVX-512 with VNNI");
            }
            return new X86Kernels(others, new X86Products(), smallest);
        } catch (ExecutableMemory.Refused e) {
            throw new Unavailable(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public String name() {
        return "avx512 (VNNI; else " + others.name() + ")";
    }

    @Override
    public boolean supports(BlockFormat format) {
        return others.supports(format);
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
        if ((long) weights.rows() * weights.columns() < smallest
                || !products.supports(weights.format(), weights.columns())) {
            others.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
            return;
        }
        Bounds.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
        if (!usable(weights.data()) || !usable(x) || !usable(out) || out.isReadOnly()) {
            others.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
            return;
        }
        if (rowFrom < rowTo && tokens > 0) {
            products.multiply(
                    weights,
                    rowFrom,
                    rowTo,
                    x.address() + Float.BYTES * xIndex,
                    Float.BYTES * xStride,
                    tokens,
                    out.address() + Float.BYTES * outIndex,
                    Float.BYTES * outStride);
        }
        keep(weights.data(), x, out);
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
    public void softmax(MemorySegment x, long index, int count) {
        others.softmax(x, index, count);
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
            MemorySegment cos,
            long cosIndex,
            MemorySegment sin,
            long sinIndex,
            int dimensions,
            boolean halves) {
        others.rotate(x, index, cos, cosIndex, sin, sinIndex, dimensions, halves);
    }

    @Override
    public void toHalf(MemorySegment x, long index, MemorySegment target, long targetIndex, int count) {
        others.toHalf(x, index, target, targetIndex, count);
    }

    @Override
    public void scan(ScanCall call, int head) {
        others.scan(call, head);
    }

    @Override
    public void convolution(ConvolutionCall call, int from, int to) {
        others.convolution(call, from, to);
    }

    @Override
    public void clampedSiluMultiply(
            MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count, float alpha, float limit) {
        others.clampedSiluMultiply(gate, gateIndex, up, upIndex, count, alpha, limit);
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
    public void multiply(MemorySegment x, long xIndex, MemorySegment y, long yIndex, int count) {
        others.multiply(x, xIndex, y, yIndex, count);
    }

    @Override
    public void attention(AttentionCall call, int kvHead, int rowFrom, int rowTo) {
        others.attention(call, kvHead, rowFrom, rowTo);
    }

    /** A segment whose memory can be reached by address; one that is closed goes the other way, to the right exception. */
    private static boolean usable(MemorySegment segment) {
        return segment.isNative() && segment.scope().isAlive();
    }

    /** Segments of a garbage-collected arena live until here. */
    @SuppressWarnings("ReachabilityFenceUsage")
    private static void keep(Object a, Object b, Object c) {
        Reference.reachabilityFence(a);
        Reference.reachabilityFence(b);
        Reference.reachabilityFence(c);
    }
}
