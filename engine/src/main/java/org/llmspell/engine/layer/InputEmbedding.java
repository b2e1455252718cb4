package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.WeightMatrix;

/**
 * What a token enters the stream as: {@code norm(tokens[id] · scale + constant + positions[position])}.
 *
 * @param tokens {@code [vocabulary][embedding]}
 * @param positions learned positions {@code [contextLength][embedding]}, or null
 * @param constant float32 {@code [embedding]} for every token, such as BERT's first token type, or null
 */
public record InputEmbedding(
        WeightMatrix tokens,
        float scale,
        @Nullable WeightMatrix positions,
        @Nullable MemorySegment constant,
        Norm norm) {
    /** Tokens and positions. */
    public InputEmbedding(WeightMatrix tokens, float scale, @Nullable WeightMatrix positions) {
        this(tokens, scale, positions, null, new NoNorm());
    }

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
        if (constant != null) {
            pass.addToAll(constant);
        }
        norm.apply(pass, pass.memory.stream, pass.memory.stream);
    }
}
