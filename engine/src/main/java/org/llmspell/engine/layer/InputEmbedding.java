package org.llmspell.engine.layer;

import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.WeightMatrix;

/**
 * What a token enters the stream as: {@code tokens[id] · scale + positions[position]}.
 *
 * @param tokens {@code [vocabulary][embedding]}
 * @param positions learned positions {@code [contextLength][embedding]}, or null
 * @param perLayer what the layers get besides, or null
 */
public record InputEmbedding(
        WeightMatrix tokens,
        float scale,
        @Nullable WeightMatrix positions,
        @Nullable PerLayerInputs perLayer) {
    /** Tokens alone. */
    public InputEmbedding(WeightMatrix tokens) {
        this(tokens, 1, null);
    }

    /** Without inputs for each layer. */
    public InputEmbedding(WeightMatrix tokens, float scale, @Nullable WeightMatrix positions) {
        this(tokens, scale, positions, null);
    }

    /** Elements per token that the layers get besides the stream. */
    public int perLayerWidth() {
        return perLayer == null ? 0 : perLayer.tokens().columns();
    }

    /** Fills the stream of the pass. */
    public void apply(ForwardPass pass) {
        pass.embed(tokens, scale);
        if (positions != null) {
            pass.addPositions(positions);
        }
        if (perLayer != null) {
            perLayer.apply(pass);
        }
    }
}
