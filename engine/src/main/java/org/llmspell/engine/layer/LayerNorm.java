package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.Kernels;

/**
 * Layer normalization (Ba et al. 2016): {@code (x − mean(x)) / sqrt(variance(x) + epsilon) · weight + bias}.
 *
 * @param weight float32 {@code [columns]}; null for ones
 * @param bias float32 {@code [columns]}; null for none
 */
public record LayerNorm(
        @Nullable MemorySegment weight, @Nullable MemorySegment bias, float epsilon) implements Norm {
    @Override
    public void normalize(Kernels kernels, MemorySegment out, long outIndex, MemorySegment x, long xIndex, int count) {
        kernels.layerNorm(out, outIndex, x, xIndex, weight, bias, count, epsilon);
    }
}
