package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.LayerNorm;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.ParallelLayer;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;

/**
 * {@code command-r} (Command R and R+, Aya 23) and {@code cohere2} (Command R7B and A): attention and feed-forward side by side on one
 * layer norm without bias, gated SiLU, tied output with scaled logits, rotation of neighbours. R+ norms each query and key
 * head; Cohere 2 gives three layers of four a window and the others no positions (Cohere 2024).
 */
final class CommandRModel {
    private CommandRModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        Hyperparameters p = source.parameters();
        int layers = parts.shape().layers();
        boolean second = parts.architecture().equals("cohere2");
        boolean[] windowed = second ? p.windowed(layers, 4) : new boolean[layers];
        int window = second ? p.positive("attention.sliding_window") : Integer.MAX_VALUE;
        RopeTable rope = parts.ropeOfNeighbours();
        Scores global = parts.scores();
        float scale = p.numberOr("logit_scale", 0);
        return parts.decoder(
                List.of(rope),
                i -> {
                    LayerNorm norm = parts.layerNorm(i, "attn_norm");
                    Attention.Norms heads = parts.has(i, "attn_q_norm.weight") ? parts.ownNorms(i) : null;
                    Attention attention = parts.attention(
                            i,
                            heads,
                            windowed[i] || !second ? rope : null,
                            windowed[i] ? global.withWindow(window) : global);
                    return new ParallelLayer(norm, attention, norm, parts.gated(i, Activation.SILU));
                },
                new OutputHead(parts.layerNorm("output_norm"), parts.output(), scale == 0 ? 1 : scale, 0));
    }
}
