package org.llmspell.engine.model;

import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.RmsNorm;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.kernels.WeightMatrix;

/**
 * {@code qwen2} (Qwen 2 and 2.5: biases on query, key and value) and {@code qwen3} (none, but query and key heads normalized
 * before rotation). Rotation of halves, gated SiLU feed-forward (Yang et al. 2024, 2025).
 */
final class QwenModel {
    private QwenModel() {}

    static Model load(ModelSource source) {
        Tensors t = source.tensors();
        DecoderShape shape = DecoderShape.read(source);
        Heads heads = shape.heads();
        Dimension n = shape.embeddingDimension();
        Dimension v = source.vocabularyDimension();
        float epsilon = shape.epsilon();
        float scale = (float) (1 / Math.sqrt(heads.keyDimension()));
        boolean headNorms = source.parameters().architecture().equals("qwen3");
        RopeTable rope = new RopeReader(source, heads.keyDimension(), shape.contextLength()).table(true);

        WeightMatrix embedding = t.matrix("token_embd.weight", v, n); // [vocabulary][n]
        List<Decoder.Layer> layers = new ArrayList<>();
        for (int i = 0; i < shape.layers(); i++) {
            String block = "blk." + i + ".";
            Dimension keys = new Dimension("attention.key_length", heads.keyDimension());
            RmsNorm queryNorm = headNorms ? t.norm(block + "attn_q_norm", keys, epsilon) : null; // [keys]
            RmsNorm keyNorm = headNorms ? t.norm(block + "attn_k_norm", keys, epsilon) : null; // [keys]
            layers.add(new Decoder.Layer(
                    t.norm(block + "attn_norm", n, epsilon), // [n]
                    shape.attention(
                            i,
                            t.linear(block + "attn_q", heads.queryWidth(), n), // [heads · keys][n]
                            t.linear(block + "attn_k", heads.keyWidth(i), n), // [kvHeads · keys][n]
                            t.linear(block + "attn_v", heads.valueWidth(i), n), // [kvHeads · values][n]
                            t.linear(block + "attn_output", n, heads.attendedWidth()), // [n][heads · values]
                            queryNorm,
                            keyNorm,
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
                1,
                layers,
                1,
                t.norm("output_norm", n, epsilon), // [n]
                t.has("output.weight") ? t.matrix("output.weight", v, n) : embedding, // [vocabulary][n]
                1,
                0);
    }
}
