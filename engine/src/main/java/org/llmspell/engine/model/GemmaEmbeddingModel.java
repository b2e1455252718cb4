package org.llmspell.engine.model;

import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code gemma-embedding}: Gemma 3 with attention both ways, whose pooled embedding may go through two more matrices (Vera et al.
 * 2025).
 */
final class GemmaEmbeddingModel {
    private GemmaEmbeddingModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.readEncoder(source);
        Hyperparameters p = source.parameters();
        DecoderShape shape = parts.shape();
        boolean[] windowed = p.windowed(shape.layers(), 6);
        Scores global = parts.scores().lookingBothWays();
        Scores local = global.withWindow(p.positive("attention.sliding_window"));
        RopeTable rope = parts.ropeOfHalves();
        RopeTable localRope = parts.ropes().table(1, true, p.numberOr("rope.freq_base_swa", 10_000), false);
        return new Encoder(
                shape,
                List.of(rope, localRope),
                new InputEmbedding(parts.embedding(), (float) Math.sqrt(shape.embedding()), null),
                parts.layers(i -> new SequentialLayer(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(
                                i, parts.headNorms(i), windowed[i] ? localRope : rope, windowed[i] ? local : global),
                        parts.rmsNorm(i, "post_attention_norm"),
                        parts.rmsNorm(i, "ffn_norm"),
                        parts.gated(i, Activation.GELU),
                        parts.rmsNorm(i, "post_ffw_norm"),
                        1)),
                parts.rmsNorm("output_norm"),
                projections(source, shape));
    }

    /** {@code dense_2.weight [wide][n]}, {@code dense_3.weight [n][wide]}, where the file has them. */
    private static List<Linear> projections(ModelSource source, DecoderShape shape) {
        List<Linear> projections = new ArrayList<>();
        Dimension in = shape.embeddingDimension();
        for (String name : List.of("dense_2", "dense_3")) {
            if (source.tensors().has(name + ".weight")) {
                Dimension out =
                        new Dimension(name + "_feat_out", source.tensors().outputs(name + ".weight"));
                projections.add(source.tensors().linear(name, out, in));
                in = out;
            }
        }
        return projections;
    }
}
