package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.Kernels;

/**
 * Root-mean-square normalization (Zhang and Sennrich 2019): {@code x / sqrt(mean(x²) + epsilon) · weight}.
 *
 * @param weight float32 {@code [columns]}
 */
public record RmsNorm(MemorySegment weight, float epsilon) {
    /** Normalizes all rows of the pass; {@code out} may be {@code in}. */
    public void apply(ForwardPass pass, Rows in, Rows out) {
        pass.forRows(pass.rows(), 4L * in.columns(), (from, to) -> {
            for (int row = from; row < to; row++) {
                row(pass.kernels, in, row, out, row);
            }
        });
    }

    void row(Kernels kernels, Rows in, int inRow, Rows out, int outRow) {
        kernels.rmsNorm(out.data(), out.at(outRow), in.data(), in.at(inRow), weight, in.columns(), epsilon);
    }

    /** Normalizes one head in place. */
    void head(Kernels kernels, MemorySegment data, long index, int dimension) {
        kernels.rmsNorm(data, index, data, index, weight, dimension, epsilon);
    }
}
