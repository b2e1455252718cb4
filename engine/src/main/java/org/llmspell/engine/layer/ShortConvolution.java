package org.llmspell.engine.layer;

import org.llmspell.engine.cache.KvLayout;
import org.llmspell.kernels.Kernels;

/**
 * The gated short convolution of LFM2 (Liquid AI 2025): {@code out · (c * convolution(b * x))}, with b, c and x from the input.
 *
 * @param layer its number, which finds its state
 * @param before {@code [n][n]}: b, which gates what goes into the convolution
 * @param after {@code [n][n]}: c, which gates what comes out
 * @param input {@code [n][n]}: x
 * @param output {@code [n][n]}
 */
public record ShortConvolution(
        int layer, Linear before, Linear after, Linear input, CausalConvolution convolution, Linear output)
        implements TokenMixer {
    @Override
    public KvLayout.Layer kept(int contextLength) {
        return KvLayout.Layer.recurrent(convolution.stateFloats());
    }

    @Override
    public Widths.Recurrent recurrentWidths() {
        return new Widths.Recurrent(convolution.channels(), convolution.channels(), convolution.channels(), 0);
    }

    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        Rows x = pass.memory.mixed;
        Rows b = pass.memory.mixedGate;
        Rows c = pass.memory.mixedOut;
        Kernels kernels = pass.kernels;
        Linear.run(pass, in, pass.rows(), new Linear[] {before, after, input}, new Rows[] {b, c, x});
        convolution.apply(
                pass,
                layer,
                x,
                (row, from, to) -> kernels.multiply(x.data(), x.at(row) + from, b.data(), b.at(row) + from, to - from),
                (row, from, to) -> kernels.multiply(x.data(), x.at(row) + from, c.data(), c.at(row) + from, to - from));
        output.apply(pass, x, out);
    }
}
