package org.llmspell.engine.model;

import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.kernels.WeightMatrix;

/**
 * {@code granite}: Granite 3. Llama's layers with four scales from the metadata, on the embeddings, the attention scores, what a
 * layer adds, and (dividing) the logits (IBM 2024).
 */
final class GraniteModel {
    private GraniteModel() {}

    static Model load(ModelSource source) {
        Hyperparameters p = source.parameters();
        Tensors t = source.tensors();
        DecoderShape shape = DecoderShape.read(source);
        Heads heads = shape.heads();
        Dimension n = shape.embeddingDimension();
        Dimension v = source.vocabularyDimension();
        float epsilon = shape.epsilon();
        float scale = orDefault(p.numberOr("attention.scale", 0), (float) (1 / Math.sqrt(heads.keyDimension())));
        RopeTable rope = new RopeReader(source, heads.keyDimension(), shape.contextLength()).table(false);

        WeightMatrix embedding = t.matrix("token_embd.weight", v, n); // [vocabulary][n]
        List<Decoder.Layer> layers = new ArrayList<>();
        for (int i = 0; i < shape.layers(); i++) {
            String block = "blk." + i + ".";
            layers.add(new Decoder.Layer(
                    t.norm(block + "attn_norm", n, epsilon), // [n]
                    shape.attention(
                            i,
                            t.linear(block + "attn_q", heads.queryWidth(), n), // [heads · keys][n]
                            t.linear(block + "attn_k", heads.keyWidth(i), n), // [kvHeads · keys][n]
                            t.linear(block + "attn_v", heads.valueWidth(i), n), // [kvHeads · values][n]
                            t.linear(block + "attn_output", n, heads.attendedWidth()), // [n][heads · values]
                            null,
                            null,
                            rope,
                            Integer.MAX_VALUE,
                            scale,
                            0),
                    null,
                    t.norm(block + "ffn_norm", n, epsilon), // [n]
                    shape.mlp(t, block, i, Activation.SILU),
                    null));
        }
        return new Decoder(
                shape,
                List.of(rope),
                embedding,
                orDefault(p.numberOr("embedding_scale", 0), 1),
                layers,
                orDefault(p.numberOr("residual_scale", 0), 1),
                t.norm("output_norm", n, epsilon), // [n]
                t.has("output.weight") ? t.matrix("output.weight", v, n) : embedding, // [vocabulary][n]
                1 / orDefault(p.numberOr("logit_scale", 0), 1),
                0);
    }

    /** A scale of 0 stands for none. */
    private static float orDefault(float value, float absent) {
        return value == 0 ? absent : value;
    }
}
