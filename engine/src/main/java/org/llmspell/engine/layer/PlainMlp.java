package org.llmspell.engine.layer;

import org.llmspell.kernels.Kernels;

/**
 * The feed-forward layer without a gate (Vaswani et al. 2017): {@code down · activation(up · x)}.
 *
 * @param up {@code [feedForward][embedding]}
 * @param down {@code [embedding][feedForward]}
 */
public record PlainMlp(Linear up, Linear down, Activation activation) implements FeedForward {
    /** What bends the inner elements. */
    public enum Activation {
        /** The tanh form (Hendrycks and Gimpel 2016). */
        GELU,
        /** The square of the positive part (So et al. 2021). */
        RELU_SQUARED;

        void apply(Kernels kernels, Rows rows, int row, int from, int to) {
            if (this == GELU) {
                kernels.gelu(rows.data(), rows.at(row) + from, to - from);
            } else {
                kernels.reluSquared(rows.data(), rows.at(row) + from, to - from);
            }
        }
    }

    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        int rows = pass.rows();
        Rows inner = pass.memory.up;
        int width = up.weights().rows();
        int chunkRows = pass.chunkRows(width, 2L * rows * in.columns());
        int chunks = (width + chunkRows - 1) / chunkRows;
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
        up.rows(pass.kernels, from, to, in, 0, inner, 0, rows);
        for (int row = 0; row < rows; row++) {
            activation.apply(pass.kernels, inner, row, from, to);
        }
    }
}
