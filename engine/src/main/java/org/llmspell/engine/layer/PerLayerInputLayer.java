package org.llmspell.engine.layer;

import java.util.Optional;

/**
 * A layer after which the token's input for this layer is mixed into the stream, and all of it scaled:
 * {@code x = (x + norm(output · (gelu(gate · x) * input))) · scale}.
 *
 * @param inner the layer proper
 * @param mix how the input is mixed in; empty for models without such inputs
 * @param scale of the stream
 */
public record PerLayerInputLayer(DecoderLayer inner, Optional<Mix> mix, float scale) implements DecoderLayer {
    /**
     * How a layer's input is mixed in.
     *
     * @param first its first element among the inputs of all layers
     * @param gate {@code [width][n]}
     * @param output {@code [n][width]}
     * @param norm {@code [n]}
     */
    public record Mix(int first, Linear gate, Linear output, Norm norm) {}

    @Override
    public TokenMixer mixer() {
        return inner.mixer();
    }

    @Override
    public boolean needsBranch() {
        return inner.needsBranch();
    }

    @Override
    public void apply(ForwardPass pass) {
        inner.apply(pass);
        mix.ifPresent(it -> mix(pass, it));
        if (scale != 1) {
            Rows x = pass.memory.stream;
            pass.forRows(pass.rows(), x.columns(), (from, to) -> {
                for (int row = from; row < to; row++) {
                    x.scale(row, scale);
                }
            });
        }
    }

    private static void mix(ForwardPass pass, Mix mix) {
        Rows inputs = pass.memory.perLayer;
        Rows h = pass.memory.normed;
        int width = mix.gate.weights().rows();
        Rows gated = pass.memory.perLayerTokens.narrowed(width);
        mix.gate.apply(pass, pass.memory.stream, gated);
        pass.forRows(pass.rows(), 16L * width, (from, to) -> {
            for (int row = from; row < to; row++) {
                pass.kernels.geluMultiply(
                        gated.data(), gated.at(row), inputs.data(), inputs.at(row) + mix.first, width);
            }
        });
        mix.output.apply(pass, gated, h);
        mix.norm.apply(pass, h, h);
        pass.add(h, 1);
    }
}
