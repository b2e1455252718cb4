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
 * Products and attention by whatever set of instructions their code is in: checks the arguments as {@link Kernels} promises, then
 * chooses the code. What is not in native memory is left to the other kernels.
 */
abstract class X86ProductKernels extends X86RowKernels {
    private final X86Products products;
    private final BatchProducts batches;
    private final ExactProducts exact;
    private final X86Attention attention;
    private final long smallest;
    private final ThreadLocal<MemorySegment> prepared = ThreadLocal.withInitial(() -> MemorySegment.NULL);

    /** @param smallest matrices of fewer weights are multiplied with activations that are not rounded */
    X86ProductKernels(
            Kernels others,
            Rows rows,
            X86Recurrence recurrence,
            X86Products products,
            BatchProducts batches,
            ExactProducts exact,
            X86Attention attention,
            long smallest) {
        super(others, rows, recurrence);
        this.products = products;
        this.batches = batches;
        this.exact = exact;
        this.attention = attention;
        this.smallest = smallest;
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
        Bounds.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
        if (weights.columns() == 0
                || !supports(weights.format())
                || !NativeMemory.reachable(weights.data())
                || !NativeMemory.reachable(x)
                || !NativeMemory.writable(out)) {
            others.multiply(weights, rowFrom, rowTo, x, xIndex, xStride, tokens, out, outIndex, outStride);
            return;
        }
        if (batch != null) {
            MemorySegment prepared = preparing(batch.preparedBytes(weights.columns(), tokens));
            batch.prepare(x, xIndex, xStride, weights.columns(), tokens, 0, tokens, prepared);
            batch.multiply(weights, rowFrom, rowTo, prepared, tokens, out, outIndex, outStride);
        } else if (rowFrom < rowTo && tokens > 0) {
            long from = at(x, xIndex);
            long to = at(out, outIndex);
            long fromStride = Float.BYTES * xStride;
            long toStride = Float.BYTES * outStride;
            if (products.takes(weights, smallest)) {
                products.multiply(weights, rowFrom, rowTo, from, fromStride, tokens, to, toStride);
            } else {
                exact.multiply(weights, rowFrom, rowTo, from, fromStride, tokens, to, toStride);
            }
        }
        NativeMemory.keep(weights.data(), x, out);
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
}
