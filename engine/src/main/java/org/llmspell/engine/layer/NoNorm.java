package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.Kernels;

/** Stands where an architecture has no norm. */
public record NoNorm() implements Norm {
    @Override
    public void normalize(Kernels kernels, MemorySegment out, long outIndex, MemorySegment x, long xIndex, int count) {
        if (out != x || outIndex != xIndex) {
            MemorySegment.copy(x, xIndex * Float.BYTES, out, outIndex * Float.BYTES, (long) count * Float.BYTES);
        }
    }

    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        if (in != out) {
            Norm.super.apply(pass, in, out);
        }
    }
}
