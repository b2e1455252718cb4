package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.NoNorm;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code modern-bert}: attention both ways with a rotation of halves, layer norms before each part but for the first, GELU with its
 * gate in one matrix; two layers of three see a window, with a rotary base of their own (Warner et al. 2024).
 */
final class ModernBertModel {
    private ModernBertModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.readEncoder(source);
        Hyperparameters p = source.parameters();
        int count = parts.shape().layers();
        int window = p.countOr("attention.sliding_window", 0);
        boolean[] windowed = window == 0 ? new boolean[count] : windowed(p, count);
        Scores global = parts.scores().lookingBothWays();
        Scores local = global.withWindow(window);
        RopeTable rope = parts.ropeOfHalves();
        RopeTable localRope = parts.ropes().table(1, true, p.numberOr("rope.freq_base_swa", 10_000), false);
        Activation activation =
                p.string("hidden_activation").orElse("gelu").equals("silu") ? Activation.SILU : Activation.GELU;
        return new Encoder(
                parts.shape(),
                List.of(rope, localRope),
                new InputEmbedding(parts.embedding(), 1, null, null, null, parts.layerNorm("token_embd_norm")),
                parts.layers(i -> SequentialLayer.preNorm(
                        parts.has(i, "attn_norm.weight") ? parts.layerNorm(i, "attn_norm") : new NoNorm(),
                        parts.attention(i, windowed[i] ? localRope : rope, windowed[i] ? local : global),
                        parts.layerNorm(i, "ffn_norm"),
                        parts.gatedInOne(i, activation))),
                parts.layerNorm("output_norm"),
                List.of());
    }

    /** The first layer of every three sees everything, unless the file says otherwise. */
    private static boolean[] windowed(Hyperparameters p, int layers) {
        String key = "attention.sliding_window_pattern";
        return p.flags(key, layers).orElseGet(() -> {
            int every = p.countOr(key, 3);
            boolean[] windowed = new boolean[layers];
            for (int layer = 0; layer < layers; layer++) {
                windowed[layer] = every == 0 || layer % every != 0;
            }
            return windowed;
        });
    }
}
