package org.llmspell.engine.model;

import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.layer.GatedMlp;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.kernels.WeightMatrix;

/**
 * {@code phi3}: Phi 3, 3.5 and 4 mini. Query, key and value in one tensor, gate and up in another; rotation of halves, with long
 * and short factors in the long-context variants; a window on every layer (Abdin et al. 2024).
 */
final class Phi3Model {
    private Phi3Model() {}

    static Model load(ModelSource source) {
        Hyperparameters p = source.parameters();
        Tensors t = source.tensors();
        DecoderShape shape = DecoderShape.read(source);
        Heads heads = shape.heads();
        Dimension n = shape.embeddingDimension();
        Dimension v = source.vocabularyDimension();
        float epsilon = shape.epsilon();
        float scale = (float) (1 / Math.sqrt(heads.keyDimension()));
        int window = p.countOr("attention.sliding_window", 0);
        RopeTable rope = new RopeReader(source, heads.keyDimension(), shape.contextLength()).table(true);

        WeightMatrix embedding = t.matrix("token_embd.weight", v, n); // [vocabulary][n]
        List<Decoder.Layer> layers = new ArrayList<>();
        for (int i = 0; i < shape.layers(); i++) {
            String block = "blk." + i + ".";
            Dimension f = shape.feedForwardDimension(i);
            // [heads · keys + kvHeads · keys + kvHeads · values][n]
            List<Linear> qkv =
                    t.fused(block + "attn_qkv", n, heads.queryWidth(), heads.keyWidth(i), heads.valueWidth(i));
            List<Linear> gateUp = t.fused(block + "ffn_up", n, f, f); // [f + f][n]
            layers.add(new Decoder.Layer(
                    t.norm(block + "attn_norm", n, epsilon), // [n]
                    shape.attention(
                            i,
                            qkv.get(0),
                            qkv.get(1),
                            qkv.get(2),
                            t.linear(block + "attn_output", n, heads.attendedWidth()), // [n][heads · values]
                            null,
                            null,
                            rope,
                            window == 0 ? Integer.MAX_VALUE : window,
                            scale,
                            0),
                    null,
                    t.norm(block + "ffn_norm", n, epsilon), // [n]
                    new GatedMlp(
                            gateUp.get(0),
                            gateUp.get(1),
                            t.linear(block + "ffn_down", n, f), // [n][f]
                            Activation.SILU),
                    null));
        }
        return new Decoder(
                shape,
                List.of(rope),
                embedding,
                1,
                layers,
                1,
                t.norm("output_norm", n, epsilon), // [n]
                t.has("output.weight") ? t.matrix("output.weight", v, n) : embedding, // [vocabulary][n]
                1,
                0);
    }
}
