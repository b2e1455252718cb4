package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.PlainMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code starcoder2} and {@code codeshell}: layer norms, biases on every product, rotation of halves, GELU without gate (Lozhkov et al. 2024). Its window
 * of 4096 positions is in no file, and llama.cpp leaves it out.
 */
final class StarCoder2Model {
    private StarCoder2Model() {}

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
                        parts.plain(i, Activation.GELU)),
                new OutputHead(parts.layerNorm("output_norm"), parts.output()));
    }
}
