package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.LayerNorm;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.ParallelLayer;
import org.llmspell.engine.layer.PlainMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;

/**
 * {@code falcon}: attention and feed-forward side by side on one norm (7B), or each on its own (40B and 180B); few key-value heads,
 * rotation of halves, GELU without gate (Almazrouei et al. 2023).
 */
final class FalconModel {
    private FalconModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        RopeTable rope = parts.ropeOfHalves();
        Scores scores = parts.scores();
        return parts.decoder(
                List.of(rope),
                i -> {
                    LayerNorm norm = parts.layerNorm(i, "attn_norm");
                    return new ParallelLayer(
                            // The 40B's second norm is attention's, in spite of its name.
                            parts.has(i, "attn_norm_2.weight") ? parts.layerNorm(i, "attn_norm_2") : norm,
                            parts.attention(i, rope, scores),
                            norm,
                            parts.plain(i, Activation.GELU));
                },
                new OutputHead(parts.layerNorm("output_norm"), parts.output()));
    }
}
