package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.DecoderLayer;
import org.llmspell.engine.layer.GatedMlp;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.LayerNorm;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.ParallelLayer;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code stablelm} and {@code orion}: layer norms, partial rotation of halves, gated SiLU; StableLM 12B norms each query and key head and runs attention
 * and feed-forward side by side on one norm (Bellagente et al. 2024).
 */
final class StableLmModel {
    private StableLmModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        RopeTable rope = parts.ropeOfHalves();
        Scores scores = parts.scores();
        return parts.decoder(
                List.of(rope),
                i -> layer(parts, i, rope, scores),
                new OutputHead(parts.layerNorm("output_norm"), parts.output()));
    }

    private static DecoderLayer layer(DecoderParts parts, int i, RopeTable rope, Scores scores) {
        Attention.Norms norms = parts.has(i, "attn_q_norm.weight") ? parts.ownNorms(i) : null;
        Attention attention = parts.attention(i, norms, rope, scores);
        LayerNorm norm = parts.layerNorm(i, "attn_norm");
        GatedMlp feedForward = parts.gated(i, Activation.SILU);
        return parts.has(i, "ffn_norm.weight")
                ? SequentialLayer.preNorm(norm, attention, parts.layerNorm(i, "ffn_norm"), feedForward)
                : new ParallelLayer(norm, attention, norm, feedForward);
    }
}
