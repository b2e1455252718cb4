package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.Kernels;

/**
 * Root-mean-square normalization (Zhang and Sennrich 2019): {@code x / sqrt(mean(x²) + epsilon) · weight}.
 *
 * @param weight float32 {@code [columns]}
 */
public record RmsNorm(MemorySegment weight, float epsilon) implements Norm {
    @Override
    public void normalize(Kernels kernels, MemorySegment out, long outIndex, MemorySegment x, long xIndex, int count) {
        kernels.rmsNorm(out, outIndex, x, xIndex, weight, count, epsilon);
    }
}
