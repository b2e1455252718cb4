package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.Kernels;

/** How a row of activations is normalized before or after a layer's parts. */
public sealed interface Norm permits RmsNorm, LayerNorm, NoNorm {
    /** Normalizes {@code count} floats; {@code out} at {@code outIndex} may be {@code x} at {@code xIndex}. */
    void normalize(Kernels kernels, MemorySegment out, long outIndex, MemorySegment x, long xIndex, int count);

    /** Normalizes all rows of the pass; {@code out} may be {@code in}. */
    default void apply(ForwardPass pass, Rows in, Rows out) {
        pass.forRows(pass.rows(), 4L * in.columns(), (from, to) -> {
            for (int row = from; row < to; row++) {
                row(pass.kernels, in, row, out, row);
            }
        });
    }

    /** Normalizes one row; {@code out} may be {@code in}. */
    default void row(Kernels kernels, Rows in, int inRow, Rows out, int outRow) {
        normalize(kernels, out.data(), out.at(outRow), in.data(), in.at(inRow), in.columns());
    }
}
