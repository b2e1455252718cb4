package org.llmspell.engine.layer;

import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.WeightMatrix;

/**
 * What a token enters the stream as: {@code tokens[id] · scale + positions[position]}.
 *
 * @param tokens {@code [vocabulary][embedding]}
 * @param positions learned positions {@code [contextLength][embedding]}, or null
 */
public record InputEmbedding(
        WeightMatrix tokens, float scale, @Nullable WeightMatrix positions) {
    /** Tokens alone. */
    public InputEmbedding(WeightMatrix tokens) {
        this(tokens, 1, null);
    }

    /** Fills the stream of the pass. */
    public void apply(ForwardPass pass) {
        pass.embed(tokens, scale);
        if (positions != null) {
            pass.addPositions(positions);
        }
    }
}
