package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.AttentionCall;
import org.llmspell.kernels.BatchProduct;
import org.llmspell.kernels.Bounds;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.NativeMemory;
import org.llmspell.kernels.WeightMatrix;

/**
 * Kernels assembled at start for x86-64 processors with AVX2, FMA and F16C: products of the quantized formats in use with activations
 * rounded to 8 bits, where the matrix is large enough for that to matter, and of F32, F16 and BF16 in float32; products of all formats
 * with many tokens; attention and the operations on rows in float32. Everything else is left to other kernels. Thread-safe. Products are
 * as exact as those of {@link X86Kernels}, but for those of BF16 with many tokens, which are of float32 here.
 */
public final class Avx2Kernels extends ForwardingKernels {
    private final String name;
    private final X86Products products;
    private final BatchProducts batches;
    private final X86Attention attention = new X86Attention(AttentionCodes.AVX2);
    private final Avx2Rows rows = new Avx2Rows();
    private final long smallest;
    private final ThreadLocal<MemorySegment> prepared = ThreadLocal.withInitial(() -> MemorySegment.NULL);

    private Avx2Kernels(Kernels others, long smallest, boolean vnni) throws ExecutableMemory.Refused {
        super(others);
        name = "avx2 (%selse %s)".formatted(vnni ? "VNNI; " : "", others.name());
        products = X86Products.avx2(vnni);
        batches = BatchProducts.avx2(vnni, products, others);
        this.smallest = smallest;
    }

    /**
     * Assembles the kernels for this processor.
     *
     * @param others compute what these do not
     * @throws X86Kernels.Unavailable if the processor has not the instructions, or the system gives no executable memory
     */
    public static Kernels assemble(Kernels others) throws X86Kernels.Unavailable {
        return assemble(others, X86Kernels.WORTH_ROUNDING, true);
    }

    /**
     * {@link #assemble(Kernels)} with other limits.
     *
     * @param smallest matrices of fewer weights are left to {@code others}
     * @param vnni whether AVX-VNNI may be used where there is any
     */
    public static Kernels assemble(Kernels others, long smallest, boolean vnni) throws X86Kernels.Unavailable {
        try {
            CpuFeatures features = CpuFeatures.detect();
            if (!features.avx2()) {
                throw new X86Kernels.Unavailable("the processor has no AVX2 with FMA and F16C");
            }
            return new Avx2Kernels(others, smallest, vnni && features.avxVnni());
        } catch (ExecutableMemory.Refused e) {
            throw new X86Kernels.Unavailable(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public @Nullable BatchProduct batchProduct(WeightMatrix weights, int tokens) {
        return batches.of(weights, tokens, smallest);
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
        BatchProduct batch = batchProduct(weights, tokens);
        if (batch == null && !products.takes(weights, smallest)) {
            others.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
            return;
        }
        Bounds.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
        if (!NativeMemory.reachable(weights.data()) || !NativeMemory.reachable(x) || !NativeMemory.writable(out)) {
            others.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
            return;
        }
        if (batch != null) {
            MemorySegment memory = preparing(batch.preparedBytes(weights.columns(), tokens));
            batch.prepare(x, xIndex, xStride, weights.columns(), tokens, 0, tokens, memory);
            batch.multiply(weights, rowFrom, rowTo, memory, tokens, out, outIndex, outStride);
        } else if (rowFrom < rowTo && tokens > 0) {
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
        NativeMemory.keep(weights.data(), x, out);
    }

    @Override
    public float dot(MemorySegment a, long aIndex, MemorySegment b, long bIndex, int count) {
        Bounds.floats(a, aIndex, count);
        Bounds.floats(b, bIndex, count);
        if (!NativeMemory.reachable(a) || !NativeMemory.reachable(b)) {
            return others.dot(a, aIndex, b, bIndex, count);
        }
        float dot = rows.dot(at(a, aIndex), at(b, bIndex), count);
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
        if (!NativeMemory.writable(out) || !NativeMemory.reachable(x) || !NativeMemory.reachable(weight)) {
            others.rmsNorm(out, outIndex, x, xIndex, weight, count, epsilon);
            return;
        }
        rows.rmsNorm(at(out, outIndex), at(x, xIndex), weight.address(), count, epsilon);
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
        if (!NativeMemory.writable(out)
                || !NativeMemory.reachable(x)
                || (weight != null && !NativeMemory.reachable(weight))
                || (bias != null && !NativeMemory.reachable(bias))) {
            others.layerNorm(out, outIndex, x, xIndex, weight, bias, count, epsilon);
            return;
        }
        rows.layerNorm(
                at(out, outIndex),
                at(x, xIndex),
                weight == null ? 0 : weight.address(),
                bias == null ? 0 : bias.address(),
                count,
                epsilon);
        NativeMemory.keep(out, x, x);
        NativeMemory.keep(weight == null ? x : weight, bias == null ? x : bias, x);
    }

    @Override
    public void softmax(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        if (!NativeMemory.writable(x)) {
            others.softmax(x, index, count);
            return;
        }
        rows.softmax(at(x, index), count);
        NativeMemory.keep(x, x, x);
    }

    @Override
    public void silu(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        if (!NativeMemory.writable(x)) {
            others.silu(x, index, count);
            return;
        }
        rows.silu(at(x, index), count);
        NativeMemory.keep(x, x, x);
    }

    @Override
    public void gelu(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        if (!NativeMemory.writable(x)) {
            others.gelu(x, index, count);
            return;
        }
        rows.gelu(at(x, index), count);
        NativeMemory.keep(x, x, x);
    }

    @Override
    public void reluSquared(MemorySegment x, long index, int count) {
        Bounds.floats(x, index, count);
        if (!NativeMemory.writable(x)) {
            others.reluSquared(x, index, count);
            return;
        }
        rows.reluSquared(at(x, index), count);
        NativeMemory.keep(x, x, x);
    }

    @Override
    public void xielu(MemorySegment x, long index, int count, float negative, float positive, float beta, float epsilon) {
        Bounds.floats(x, index, count);
        if (!NativeMemory.writable(x)) {
            others.xielu(x, index, count, negative, positive, beta, epsilon);
            return;
        }
        rows.xielu(at(x, index), count, negative, positive, beta, epsilon);
        NativeMemory.keep(x, x, x);
    }

    @Override
    public void add(MemorySegment x, long xIndex, MemorySegment y, long yIndex, int count) {
        Bounds.floats(x, xIndex, count);
        Bounds.floats(y, yIndex, count);
        if (!NativeMemory.writable(x) || !NativeMemory.reachable(y)) {
            others.add(x, xIndex, y, yIndex, count);
            return;
        }
        rows.add(at(x, xIndex), at(y, yIndex), count);
        NativeMemory.keep(x, y, y);
    }

    @Override
    public void addScaled(MemorySegment x, long xIndex, MemorySegment y, long yIndex, float scale, int count) {
        Bounds.floats(x, xIndex, count);
        Bounds.floats(y, yIndex, count);
        if (!NativeMemory.writable(x) || !NativeMemory.reachable(y)) {
            others.addScaled(x, xIndex, y, yIndex, scale, count);
            return;
        }
        rows.addScaled(at(x, xIndex), at(y, yIndex), scale, count);
        NativeMemory.keep(x, y, y);
    }

    @Override
    public void multiply(MemorySegment x, long xIndex, MemorySegment y, long yIndex, int count) {
        Bounds.floats(x, xIndex, count);
        Bounds.floats(y, yIndex, count);
        if (!NativeMemory.writable(x) || !NativeMemory.reachable(y)) {
            others.multiply(x, xIndex, y, yIndex, count);
            return;
        }
        rows.multiply(at(x, xIndex), at(y, yIndex), count);
        NativeMemory.keep(x, y, y);
    }

    @Override
    public void siluMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        Bounds.floats(gate, gateIndex, count);
        Bounds.floats(up, upIndex, count);
        if (!NativeMemory.writable(gate) || !NativeMemory.reachable(up)) {
            others.siluMultiply(gate, gateIndex, up, upIndex, count);
            return;
        }
        rows.siluMultiply(at(gate, gateIndex), at(up, upIndex), count);
        NativeMemory.keep(gate, up, up);
    }

    @Override
    public void geluMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        Bounds.floats(gate, gateIndex, count);
        Bounds.floats(up, upIndex, count);
        if (!NativeMemory.writable(gate) || !NativeMemory.reachable(up)) {
            others.geluMultiply(gate, gateIndex, up, upIndex, count);
            return;
        }
        rows.geluMultiply(at(gate, gateIndex), at(up, upIndex), count);
        NativeMemory.keep(gate, up, up);
    }

    @Override
    public void sigmoidMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        Bounds.floats(gate, gateIndex, count);
        Bounds.floats(up, upIndex, count);
        if (!NativeMemory.writable(gate) || !NativeMemory.reachable(up)) {
            others.sigmoidMultiply(gate, gateIndex, up, upIndex, count);
            return;
        }
        rows.sigmoidMultiply(at(gate, gateIndex), at(up, upIndex), count);
        NativeMemory.keep(gate, up, up);
    }

    @Override
    public void clampedSiluMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count, float alpha, float limit) {
        Bounds.floats(gate, gateIndex, count);
        Bounds.floats(up, upIndex, count);
        if (!NativeMemory.writable(gate) || !NativeMemory.reachable(up)) {
            others.clampedSiluMultiply(gate, gateIndex, up, upIndex, count, alpha, limit);
            return;
        }
        rows.clampedSiluMultiply(at(gate, gateIndex), at(up, upIndex), count, alpha, limit);
        NativeMemory.keep(gate, up, up);
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
        Bounds.rotate(x, index, cos, cosIndex, sin, sinIndex, dimensions);
        if (!NativeMemory.writable(x) || !NativeMemory.reachable(cos) || !NativeMemory.reachable(sin)) {
            others.rotate(x, index, cos, cosIndex, sin, sinIndex, dimensions, halves);
            return;
        }
        if (halves) {
            rows.rotateHalves(at(x, index), at(cos, cosIndex), at(sin, sinIndex), dimensions / 2);
        } else {
            rows.rotateNeighbours(at(x, index), at(cos, cosIndex), at(sin, sinIndex), dimensions / 2);
        }
        NativeMemory.keep(x, cos, sin);
    }

    @Override
    public void toHalf(MemorySegment x, long index, MemorySegment target, long targetIndex, int count) {
        Bounds.floats(x, index, count);
        Bounds.halves(target, targetIndex, count);
        if (!NativeMemory.reachable(x) || !NativeMemory.writable(target)) {
            others.toHalf(x, index, target, targetIndex, count);
            return;
        }
        rows.toHalf(at(x, index), target.address() + Short.BYTES * targetIndex, count);
        NativeMemory.keep(x, target, target);
    }

    @Override
    public void toBytes(MemorySegment x, long index, MemorySegment target, long targetOffset, int count) {
        Bounds.toBytes(x, index, target, targetOffset, count);
        if (!NativeMemory.reachable(x) || !NativeMemory.writable(target)) {
            others.toBytes(x, index, target, targetOffset, count);
            return;
        }
        rows.toBytes(at(x, index), target.address() + targetOffset, count);
        NativeMemory.keep(x, target, target);
    }

    @Override
    public void attention(AttentionCall call, int kvHead, int rowFrom, int rowTo) {
        Bounds.attention(call, kvHead, rowFrom, rowTo);
        if (rowFrom == rowTo) {
            return;
        }
        if (!attention.supports(call) || !NativeMemory.reachable(call, rowFrom, rowTo)) {
            others.attention(call, kvHead, rowFrom, rowTo);
            return;
        }
        attention.run(call, kvHead, rowFrom, rowTo);
        NativeMemory.keep(call, call, call);
    }

    /** This thread's memory for activations that are prepared for one call alone. */
    private MemorySegment preparing(long bytes) {
        MemorySegment memory = prepared.get();
        if (memory.byteSize() < bytes) {
            memory = Arena.ofAuto().allocate(bytes, 64);
            prepared.set(memory);
        }
        return memory;
    }

    private static long at(MemorySegment segment, long index) {
        return segment.address() + Float.BYTES * index;
    }
}
