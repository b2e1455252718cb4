package org.llmspell.engine.model;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.layer.FeedForward;
import org.llmspell.engine.layer.GatedMlp;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.NoNorm;
import org.llmspell.engine.layer.PlainMlp.Activation;
import org.llmspell.engine.layer.ResidualNormLayer;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.kernels.WeightMatrix;

/**
 * {@code bert} and {@code nomic-bert}: attention both ways, layer norms after each part, token types of which the first is used.
 * BERT has learned positions and GELU without gate (Devlin et al. 2018); Nomic's has a rotation of halves and gated SiLU (Nussbaum
 * et al. 2024).
 */
final class BertModel {
    private BertModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.readEncoder(source);
        Dimension context = new Dimension("context_length", parts.shape().contextLength());
        WeightMatrix positions = source.tensors()
                .matrix("position_embd.weight", context, parts.shape().embeddingDimension()); // [context][n]
        return load(parts, null, positions);
    }

    static Model loadNomic(ModelSource source) {
        DecoderParts parts = DecoderParts.readEncoder(source);
        return load(parts, parts.ropeOfHalves(), null);
    }

    private static Model load(DecoderParts parts, @Nullable RopeTable rope, @Nullable WeightMatrix positions) {
        Scores scores = parts.scores().lookingBothWays();
        return new Encoder(
                parts.shape(),
                rope == null ? List.of() : List.of(rope),
                new InputEmbedding(
                        parts.embedding(),
                        1,
                        positions,
                        null,
                        firstTokenType(parts),
                        parts.layerNorm("token_embd_norm")),
                parts.layers(i -> new ResidualNormLayer(
                        parts.attention(i, rope, scores),
                        parts.layerNorm(i, "attn_output_norm"),
                        feedForward(parts, rope, i),
                        parts.layerNorm(i, "layer_output_norm"))),
                new NoNorm(),
                List.of());
    }

    private static FeedForward feedForward(DecoderParts parts, @Nullable RopeTable rope, int layer) {
        return rope == null ? parts.plain(layer, Activation.GELU) : parts.gated(layer, GatedMlp.Activation.SILU);
    }

    /** {@code token_types.weight [types][n]}: the first row, if there is such a tensor. */
    private static @Nullable MemorySegment firstTokenType(DecoderParts parts) {
        Tensors tensors = parts.source().tensors();
        String name = "token_types.weight";
        if (!tensors.has(name)) {
            return null;
        }
        Dimension types = new Dimension("token types", tensors.outputs(name));
        return tensors.vectors(name, types, parts.shape().embeddingDimension()).getFirst();
    }
}
