package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.Kernels;

/**
 * The feed-forward layer without a gate (Vaswani et al. 2017): {@code down · activation(up · x)}.
 *
 * @param up {@code [feedForward][embedding]}
 * @param down {@code [embedding][feedForward]}
 */
public record PlainMlp(Linear up, Linear down, Activation activation) implements FeedForward {
    /** What bends the inner elements. */
    public sealed interface Activation permits Gelu, ReluSquared, Xielu {
        /** The tanh form (Hendrycks and Gimpel 2016). */
        Activation GELU = new Gelu();

        /** The square of the positive part (So et al. 2021). */
        Activation RELU_SQUARED = new ReluSquared();

        /** Bends {@code count} floats in place. */
        void apply(Kernels kernels, MemorySegment x, long index, int count);
    }

    private record Gelu() implements Activation {
        @Override
        public void apply(Kernels kernels, MemorySegment x, long index, int count) {
            kernels.gelu(x, index, count);
        }
    }

    private record ReluSquared() implements Activation {
        @Override
        public void apply(Kernels kernels, MemorySegment x, long index, int count) {
            kernels.reluSquared(x, index, count);
        }
    }

    /** xIELU with a layer's own learned numbers, as {@link Kernels#xielu} has them. */
    public record Xielu(float negative, float positive, float beta, float epsilon) implements Activation {
        @Override
        public void apply(Kernels kernels, MemorySegment x, long index, int count) {
            kernels.xielu(x, index, count, negative, positive, beta, epsilon);
        }
    }

    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        int rows = pass.rows();
        Rows inner = pass.memory.up;
        int width = up.weights().rows();
        int chunkRows = pass.chunkRows(width, 2L * rows * in.columns());
        int chunks = (width + chunkRows - 1) / chunkRows;
        pass.memory.prepared.prepare(pass, in, rows, up);
        if (chunks == 1) {
            raise(pass, in, inner, rows, 0, width);
        } else {
            pass.workers.run(
                    chunks,
                    (chunk, worker) ->
                            raise(pass, in, inner, rows, chunk * chunkRows, Math.min(width, (chunk + 1) * chunkRows)));
        }
        down.apply(pass, inner, out);
    }

    private void raise(ForwardPass pass, Rows in, Rows inner, int rows, int from, int to) {
        up.rows(pass, PreparedInput.ONLY, from, to, in, 0, inner, 0, rows);
        for (int row = 0; row < rows; row++) {
            activation.apply(pass.kernels, inner.data(), inner.at(row) + from, to - from);
        }
    }
}
