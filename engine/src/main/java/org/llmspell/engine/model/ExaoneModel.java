package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code exaone} (EXAONE 3) and {@code exaone4}. The third version is Llama with rotation of halves; the fourth norms what a layer
 * adds and not what it reads, norms query and key heads, and in its largest model gives three layers of four a window, the
 * others no positions (LG AI Research 2024, 2025).
 */
final class ExaoneModel {
    private ExaoneModel() {}

    /** Layers of the one model with windows, which is how llama.cpp tells. */
    private static final int LAYERS_WITH_WINDOWS = 64;

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        RopeTable rope = parts.ropeOfHalves();
        Scores scores = parts.scores();
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(i, rope, scores),
                        parts.rmsNorm(i, "ffn_norm"),
                        parts.gated(i, Activation.SILU)));
    }

    static Model loadFourth(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        Hyperparameters p = source.parameters();
        int layers = parts.shape().layers();
        boolean mixed = layers == LAYERS_WITH_WINDOWS;
        boolean[] windowed = mixed ? p.windowed(layers, 4) : new boolean[layers];
        int window = p.positiveOr("attention.sliding_window", 4096);
        RopeTable rope = parts.ropeOfHalves();
        Scores global = parts.scores();
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.postNorm(
                        parts.attention(
                                i,
                                parts.headNorms(i),
                                windowed[i] || !mixed ? rope : null,
                                windowed[i] ? global.withWindow(window) : global),
                        parts.rmsNorm(i, "post_attention_norm"),
                        parts.gated(i, Activation.SILU),
                        parts.rmsNorm(i, "post_ffw_norm")));
    }
}
