package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code hunyuan-dense}: Hunyuan's models without experts. Rotation of halves, query and key heads normalized after it; a rotary
 * base raised for the context by {@code alpha^(d / (d − 2))} (Tencent 2025).
 */
final class HunyuanModel {
    private HunyuanModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        Hyperparameters p = source.parameters();
        double d = parts.shape().heads().keyDimension();
        double alpha = p.numberOr("rope.scaling.alpha", 0);
        double raised = alpha > 0 ? Math.pow(alpha, d / (d - 2)) : 1;
        RopeTable rope = parts.ropes().table(0, true, p.numberOr("rope.freq_base", 10_000) * raised, true);
        Scores scores = parts.scores();
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(i, afterRotation(parts.headNorms(i)), rope, scores),
                        parts.rmsNorm(i, "ffn_norm"),
                        parts.gated(i, Activation.SILU)));
    }

    private static Attention.Norms afterRotation(Attention.Norms norms) {
        return new Attention.Norms(norms.query(), norms.key(), Attention.Order.AFTER_ROTATION);
    }
}
