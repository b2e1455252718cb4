package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code glm4} (GLM 4 of 2025) and {@code chatglm} (ChatGLM 3, GLM 4 of 2024): partial rotation of neighbours, gate and up in one
 * tensor; the later ones have norms before and after both parts (Z.ai 2024, 2025).
 */
final class Glm4Model {
    private Glm4Model() {}

    static Model loadFirst(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        RopeTable rope = parts.ropeOfNeighbours();
        Scores scores = parts.scores();
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(i, rope, scores),
                        parts.rmsNorm(i, "ffn_norm"),
                        parts.gatedInOne(i, Activation.SILU)));
    }

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        RopeTable rope = parts.ropeOfNeighbours();
        Scores scores = parts.scores();
        return parts.decoder(
                List.of(rope),
                i -> new SequentialLayer(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(i, rope, scores),
                        parts.rmsNorm(i, "post_attention_norm"),
                        parts.rmsNorm(i, "ffn_norm"),
                        parts.gatedInOne(i, Activation.SILU),
                        parts.rmsNorm(i, "post_ffw_norm"),
                        1));
    }
}
