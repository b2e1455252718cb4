package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.PlainMlp.Xielu;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code apertus}: norms on query and key heads, rotation of halves, a feed-forward without gate bent by xIELU, whose numbers each
 * layer has learned (Swiss AI 2025).
 */
final class ApertusModel {
    private ApertusModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        Hyperparameters p = source.parameters();
        int layers = parts.shape().layers();
        float[] negative = p.learned("xielu.alpha_n", layers);
        float[] positive = p.learned("xielu.alpha_p", layers);
        float[] beta = p.learned("xielu.beta", layers);
        float[] epsilon = p.learned("xielu.eps", layers);
        RopeTable rope = parts.ropeOfHalves();
        Scores scores = parts.scores();
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(i, parts.headNorms(i), rope, scores),
                        parts.rmsNorm(i, "ffn_norm"),
                        parts.plain(
                                i,
                                new Xielu(
                                        beta[i] + softplus(negative[i]), softplus(positive[i]), beta[i], epsilon[i]))));
    }

    private static float softplus(float x) {
        // Above 20 the 1 is lost in float32.
        return x > 20 ? x : (float) Math.log1p(Math.exp(x));
    }
}
