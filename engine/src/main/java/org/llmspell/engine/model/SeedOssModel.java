package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/** {@code seed_oss}: Seed-OSS. Qwen 2's layers with the norm before the feed-forward named after attention (ByteDance 2025). */
final class SeedOssModel {
    private SeedOssModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        RopeTable rope = parts.ropeOfHalves();
        Scores scores = parts.scores();
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(i, rope, scores),
                        parts.rmsNorm(i, "post_attention_norm"),
                        parts.gated(i, Activation.SILU)));
    }
}
