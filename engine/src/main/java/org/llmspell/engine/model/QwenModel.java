package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code qwen2} (Qwen 2 and 2.5: biases on query, key and value) and {@code qwen3} (none, but query and key heads normalized
 * before rotation). Rotation of halves, gated SiLU feed-forward (Yang et al. 2024, 2025). {@code qwen2vl} and {@code qwen3vl} are
 * the same for text: the rotation's sections for time, height and width then turn alike. {@code pangu-embedded} is Qwen 2 in
 * other words.
 */
final class QwenModel {
    private QwenModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        boolean third = parts.architecture().startsWith("qwen3");
        Scores scores = parts.scores();
        RopeTable rope = parts.ropeOfHalves();
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(i, third ? parts.headNorms(i) : null, rope, scores),
                        parts.rmsNorm(i, "ffn_norm"),
                        parts.gated(i, Activation.SILU)));
    }
}
