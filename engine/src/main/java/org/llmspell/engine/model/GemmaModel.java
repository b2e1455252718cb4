package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.NoNorm;
import org.llmspell.engine.layer.Norm;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code gemma}, {@code gemma2} and {@code gemma3}: embeddings times √n, gated GELU, tied output, rotation of halves; norm
 * weights are stored with their 1 added. Gemma 2 adds norms after attention and feed-forward, soft caps, and a window on
 * every other layer; Gemma 3 norms query and key heads in place of the caps, and gives five layers of six a window and their
 * own rotary base (Gemma team 2024, 2024, 2025).
 */
final class GemmaModel {
    private GemmaModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        Hyperparameters p = source.parameters();
        DecoderShape shape = parts.shape();
        boolean second = parts.architecture().equals("gemma2");
        boolean third = parts.architecture().equals("gemma3");
        // The 27-billion models scale by the embedding's share of a head instead of the head's size.
        boolean largest = (second && shape.layers() == 46) || (third && shape.layers() == 62);
        int scaledBy = largest
                ? shape.embedding() / shape.heads().query()
                : shape.heads().keyDimension();
        Scores global = Scores.of(scaledBy).withSoftcap(second ? p.numberOr("attn_logit_softcapping", 50) : 0);
        int window = p.countOr("attention.sliding_window", second ? 4096 : 0);
        boolean[] windowed = window > 0 && (second || third)
                ? p.windowed(shape.layers(), second ? 2 : 6)
                : new boolean[shape.layers()];
        RopeTable rope = parts.ropeOfHalves();
        float base = p.numberOr("rope.freq_base", 10_000);
        RopeTable localRope = third
                ? parts.ropes().table(1, true, p.numberOr("rope.freq_base_swa", 10_000), false)
                : parts.ropes().table(1, true, p.numberOr("rope.freq_base_swa", base), true);
        boolean around = second || third;
        return new Decoder(
                shape,
                List.of(rope, localRope),
                new InputEmbedding(parts.embedding(), (float) Math.sqrt(shape.embedding()), null),
                parts.layers(i -> new SequentialLayer(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(
                                i,
                                third ? parts.headNorms(i) : null,
                                windowed[i] ? localRope : rope,
                                windowed[i] ? global.withWindow(window) : global),
                        postNorm(around, parts, i, "post_attention_norm"),
                        parts.rmsNorm(i, "ffn_norm"),
                        parts.gated(i, Activation.GELU),
                        postNorm(around, parts, i, "post_ffw_norm"),
                        1)),
                new OutputHead(
                        parts.rmsNorm("output_norm"),
                        parts.output(),
                        1,
                        p.numberOr("final_logit_softcapping", second ? 30 : 0)));
    }

    private static Norm postNorm(boolean there, DecoderParts parts, int layer, String name) {
        return there ? parts.rmsNorm(layer, name) : new NoNorm();
    }
}
