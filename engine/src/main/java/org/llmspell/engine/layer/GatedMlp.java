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
        GELU,
        /** The SiLU of gpt-oss, which has slope 1.702 inside and limits both sides to ±7. */
        CLAMPED_SILU;

        private static final float CLAMPED_SLOPE = 1.702f;
        private static final float CLAMPED_LIMIT = 7;

        void multiply(Kernels kernels, Rows gate, Rows up, int row, int from, int to) {
            long index = gate.at(row) + from;
            int count = to - from;
            switch (this) {
                case SILU -> kernels.siluMultiply(gate.data(), index, up.data(), index, count);
                case GELU -> kernels.geluMultiply(gate.data(), index, up.data(), index, count);
                case CLAMPED_SILU ->
                    kernels.clampedSiluMultiply(
                            gate.data(), index, up.data(), index, count, CLAMPED_SLOPE, CLAMPED_LIMIT);
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
        pass.memory.prepared.prepare(pass, in, rows, gate, up);
        if (chunks == 1) {
            raise(pass, PreparedInput.ONLY, 0, width, in, 0, gated, pass.memory.up, 0, rows);
        } else {
            pass.workers.run(chunks, (chunk, worker) -> {
                int from = chunk * chunkRows;
                int to = Math.min(width, from + chunkRows);
                raise(pass, PreparedInput.ONLY, from, to, in, 0, gated, pass.memory.up, 0, rows);
            });
        }
        down.apply(pass, gated, out);
    }

    /**
     * {@code gated = activation(gate · in) * (up · in)} for outputs {@code from} to {@code to}; {@code raised} is spoiled.
     *
     * @param input the number by which {@link PreparedInput} knows these rows of {@code in}, if it was made of them
     */
    void raise(
            ForwardPass pass,
            int input,
            int from,
            int to,
            Rows in,
            int inRow,
            Rows gated,
            Rows raised,
            int outRow,
            int rows) {
        gate.rows(pass, input, from, to, in, inRow, gated, outRow, rows);
        up.rows(pass, input, from, to, in, inRow, raised, outRow, rows);
        for (int row = outRow; row < outRow + rows; row++) {
            activation.multiply(pass.kernels, gated, raised, row, from, to);
        }
    }
}
