package org.llmspell.kernels.x86;

import java.lang.foreign.MemorySegment;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.Kernels;

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
}
