package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.LayerNorm;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.ParallelLayer;
import org.llmspell.engine.layer.PlainMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;

/**
 * {@code phi2}: Phi 1, 1.5 and 2. Attention and feed-forward side by side on one layer norm, biases on every product and on the
 * logits, partial rotation of halves, GELU without gate (Li et al. 2023).
 */
final class Phi2Model {
    private Phi2Model() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        RopeTable rope = parts.ropeOfHalves();
        Scores scores = parts.scores();
        return parts.decoder(
                List.of(rope),
                i -> {
                    LayerNorm norm = parts.layerNorm(i, "attn_norm");
                    return new ParallelLayer(
                            norm, parts.attention(i, rope, scores), norm, parts.plain(i, Activation.GELU));
                },
                new OutputHead(parts.layerNorm("output_norm"), parts.output()));
    }
}
