package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.BatchProduct;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.WeightMatrix;

/**
 * A linear layer: {@code out = weights · in + bias}.
 *
 * @param weights {@code [outputs][inputs]}, in place in the model's file
 * @param bias float32 {@code [outputs]}, or null
 */
public record Linear(WeightMatrix weights, @Nullable MemorySegment bias) {
    /** One product for all rows of the pass. */
    public void apply(ForwardPass pass, Rows in, Rows out) {
        run(pass, in, pass.rows(), new Linear[] {this}, new Rows[] {out});
    }

    /** Several products of the same input in one step, so that the workers meet once. */
    static void run(ForwardPass pass, Rows in, int rows, Linear[] layers, Rows[] outs) {
        if (rows == 0) {
            return;
        }
        int outputs = 0;
        for (Linear layer : layers) {
            outputs += layer.weights.rows();
        }
        int chunkRows = pass.chunkRows(outputs, 2L * rows * layers[0].weights.columns());
        int chunks = 0;
        for (Linear layer : layers) {
            chunks += layer.chunks(chunkRows);
        }
        pass.memory.prepared.prepare(pass, in, rows, layers);
        if (chunks == layers.length) {
            for (int i = 0; i < layers.length; i++) {
                layers[i].rows(pass, PreparedInput.ONLY, 0, layers[i].weights.rows(), in, 0, outs[i], 0, rows);
            }
            return;
        }
        pass.workers.run(chunks, (chunk, worker) -> {
            int rest = chunk;
            int layer = 0;
            while (rest >= layers[layer].chunks(chunkRows)) {
                rest -= layers[layer++].chunks(chunkRows);
            }
            int from = rest * chunkRows;
            int to = Math.min(from + chunkRows, layers[layer].weights.rows());
            layers[layer].rows(pass, PreparedInput.ONLY, from, to, in, 0, outs[layer], 0, rows);
        });
    }

    /**
     * Outputs {@code from} to {@code to} for {@code rows} rows, of input from {@code inRow} and of output from {@code outRow}.
     *
     * @param input the number by which {@link PreparedInput} knows these rows of {@code in}, if it was made of them
     */
    void rows(ForwardPass pass, int input, int from, int to, Rows in, int inRow, Rows out, int outRow, int rows) {
        BatchProduct product = pass.kernels.batchProduct(weights, rows);
        MemorySegment prepared = product == null ? null : pass.memory.prepared.of(input, product);
        if (product == null || prepared == null) {
            pass.kernels.multiply(
                    weights,
                    from,
                    to,
                    in.data(),
                    in.at(inRow),
                    in.columns(),
                    rows,
                    out.data(),
                    out.at(outRow),
                    out.columns());
        } else {
            product.multiply(weights, from, to, prepared, rows, out.data(), out.at(outRow), out.columns());
        }
        addBias(pass.kernels, from, to, out, outRow, rows);
    }

    private void addBias(Kernels kernels, int from, int to, Rows out, int outRow, int rows) {
        if (bias != null) {
            for (int row = outRow; row < outRow + rows; row++) {
                kernels.add(out.data(), out.at(row) + from, bias, from, to - from);
            }
        }
    }

    private int chunks(int chunkRows) {
        return (weights.rows() + chunkRows - 1) / chunkRows;
    }
}
