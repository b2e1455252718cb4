package org.llmspell.engine.model;

import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.layer.DecoderLayer;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.NoNorm;
import org.llmspell.engine.layer.Norm;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;
import org.llmspell.kernels.WeightMatrix;

/**
 * {@code gemma}, {@code gemma2} and {@code gemma3}: embeddings times √n, gated GELU, tied output, rotation of halves; norm
 * weights are stored with their 1 added. Gemma 2 adds norms after attention and feed-forward, soft caps, and a window on
 * every other layer; Gemma 3 norms query and key heads in place of the caps, and gives five layers of six a window and their
 * own rotary base (Gemma team 2024, 2024, 2025).
 */
final class GemmaModel {
    /** Rotary base of Gemma 3's layers with a window. */
    private static final double LOCAL_BASE = 10000;

    private GemmaModel() {}

    static Model load(ModelSource source) {
        Hyperparameters p = source.parameters();
        Tensors t = source.tensors();
        boolean second = p.architecture().equals("gemma2");
        boolean third = p.architecture().equals("gemma3");
        DecoderShape shape = DecoderShape.read(source);
        Heads heads = shape.heads();
        Dimension n = shape.embeddingDimension();
        float epsilon = shape.epsilon();
        RopeReader ropes = new RopeReader(source, heads.keyDimension(), shape.contextLength());
        RopeTable rope = ropes.table(true);
        RopeTable localRope = third ? ropes.table(1, true, LOCAL_BASE, false) : rope;
        // The 27-billion models scale by the embedding's share of a head instead of the head's size.
        boolean largest = (second && shape.layers() == 46) || (third && shape.layers() == 62);
        float scale = (float) (1 / Math.sqrt(largest ? shape.embedding() / heads.query() : heads.keyDimension()));
        float softcap = second ? p.numberOr("attn_logit_softcapping", 50) : 0;
        float logitCap = p.numberOr("final_logit_softcapping", second ? 30 : 0);
        int window = third ? p.positive("attention.sliding_window") : p.positiveOr("attention.sliding_window", 4096);

        Scores global = new Scores(scale).withSoftcap(softcap);

        WeightMatrix embedding = t.matrix("token_embd.weight", source.vocabularyDimension(), n); // [vocabulary][n]
        List<DecoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < shape.layers(); i++) {
            String block = "blk." + i + ".";
            boolean local = second ? i % 2 == 0 : third && i % 6 != 5;
            layers.add(new SequentialLayer(
                    t.norm(block + "attn_norm", n, epsilon), // [n]
                    shape.attention(
                            i,
                            shape.projections(t, block, i),
                            third ? shape.headNorms(t, block) : null,
                            local ? localRope : rope,
                            local ? global.withWindow(window) : global),
                    postNorm(second || third, t, block + "post_attention_norm", n, epsilon), // [n]
                    t.norm(block + "ffn_norm", n, epsilon), // [n]
                    shape.mlp(t, block, i, Activation.GELU),
                    postNorm(second || third, t, block + "post_ffw_norm", n, epsilon), // [n]
                    1));
        }
        return new Decoder(
                shape,
                third ? List.of(rope, localRope) : List.of(rope),
                new InputEmbedding(embedding, (float) Math.sqrt(shape.embedding()), null),
                layers,
                new OutputHead(t.norm("output_norm", n, epsilon), shape.output(t, embedding), 1, logitCap));
    }

    private static Norm postNorm(boolean there, Tensors t, String name, Dimension n, float epsilon) {
        return there ? t.norm(name, n, epsilon) : new NoNorm();
    }
}
