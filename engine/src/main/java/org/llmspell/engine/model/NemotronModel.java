package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.PlainMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code nemotron} (Nemotron 3 and 4, Minitron) and {@code jais2}: layer norms, partial rotation of halves, squared ReLU without gate (Parmar et al.
 * 2024); the norms' weights are stored with their 1 added.
 */
final class NemotronModel {
    private NemotronModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        RopeTable rope = parts.ropeOfHalves();
        Scores scores = parts.scores();
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.layerNorm(i, "attn_norm"),
                        parts.attention(i, rope, scores),
                        parts.layerNorm(i, "ffn_norm"),
                        parts.plain(i, Activation.RELU_SQUARED)),
                new OutputHead(parts.layerNorm("output_norm"), parts.output()));
    }
}
