package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.LayerNorm;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code olmo} (layer norms without weights, bounded queries, keys and values, rotation of neighbours) and {@code olmo2} (OLMo 2 and
 * 3: norms on what a layer adds and on all query heads and key heads together, rotation of halves). OLMo 3 gives three
 * layers of four a window and leaves their rotation unscaled (Groeneveld et al. 2024, OLMo team 2024, 2025).
 */
final class OlmoModel {
    private OlmoModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        RopeTable rope = parts.ropeOfNeighbours();
        Scores scores = parts.scores();
        float bound = source.parameters().numberOr("attention.clamp_kqv", 0);
        LayerNorm norm = new LayerNorm(null, null, parts.shape().epsilon());
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        norm, bounded(parts.attention(i, rope, scores), bound), norm, parts.gated(i, Activation.SILU)),
                new OutputHead(norm, parts.output()));
    }

    private static Attention bounded(Attention attention, float bound) {
        return attention.withProjections(attention.projections().withBound(bound));
    }

    static Model loadSecond(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        Hyperparameters p = source.parameters();
        int layers = parts.shape().layers();
        int window = p.countOr("attention.sliding_window", 0);
        boolean[] windowed = window > 0 ? p.windowed(layers, 4) : new boolean[layers];
        RopeTable rope = parts.ropeOfHalves();
        RopeTable localRope = parts.ropes().table(1, true, p.numberOr("rope.freq_base", 10_000), false);
        Scores global = parts.scores();
        return parts.decoder(
                List.of(rope, localRope),
                i -> SequentialLayer.postNorm(
                        parts.attention(
                                i,
                                parts.wholeNorms(i),
                                windowed[i] ? localRope : rope,
                                windowed[i] ? global.withWindow(window) : global),
                        parts.rmsNorm(i, "post_attention_norm"),
                        parts.gated(i, Activation.SILU),
                        parts.rmsNorm(i, "post_ffw_norm")));
    }
}
