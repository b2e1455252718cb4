package org.llmspell.engine.layer;

import org.llmspell.kernels.Kernels;

/**
 * The gated feed-forward layer (Shazeer 2020): {@code down · (activation(gate · x) * (up · x))}.
 *
 * @param gate {@code [feedForward][embedding]}
 * @param up {@code [feedForward][embedding]}
 * @param down {@code [embedding][feedForward]}
 */
public record GatedMlp(Linear gate, Linear up, Linear down, Activation activation) implements FeedForward {
    /** What bends the gate. */
    public enum Activation {
        SILU,
        GELU;

        void multiply(Kernels kernels, Rows gate, Rows up, int row, int from, int to) {
            long index = gate.at(row) + from;
            if (this == SILU) {
                kernels.siluMultiply(gate.data(), index, up.data(), index, to - from);
            } else {
                kernels.geluMultiply(gate.data(), index, up.data(), index, to - from);
            }
        }
    }

    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        int rows = pass.rows();
        Rows gated = pass.memory.gate;
        int width = gate.weights().rows();
        int chunkRows = pass.chunkRows(width, 4L * rows * in.columns());
        int chunks = (width + chunkRows - 1) / chunkRows;
        if (chunks == 1) {
            gate(pass, in, gated, 0, rows, 0, width);
        } else {
            pass.workers.run(
                    chunks,
                    (chunk, worker) -> gate(
                            pass, in, gated, 0, rows, chunk * chunkRows, Math.min(width, (chunk + 1) * chunkRows)));
        }
        down.apply(pass, gated, out);
    }

    private void gate(ForwardPass pass, Rows in, Rows gated, int firstRow, int rows, int from, int to) {
        Rows raised = pass.memory.up;
        gate.rows(pass.kernels, from, to, in, gated, firstRow, rows);
        up.rows(pass.kernels, from, to, in, raised, firstRow, rows);
        for (int row = firstRow; row < firstRow + rows; row++) {
            activation.multiply(pass.kernels, gated, raised, row, from, to);
        }
    }
}
