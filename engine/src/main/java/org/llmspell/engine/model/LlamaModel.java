package org.llmspell.engine.model;

import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.layer.ExpertMlp;
import org.llmspell.engine.layer.GatedMlp;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.kernels.WeightMatrix;

/**
 * {@code llama}: Llama 1 to 3, TinyLlama, Mistral, SmolLM2, and the mixture of experts of Mixtral. Pre-norm decoder with
 * grouped heads, rotation of neighbouring elements, gated SiLU feed-forward (Touvron et al. 2023, Jiang et al. 2024).
 */
final class LlamaModel {
    private LlamaModel() {}

    static Model load(ModelSource source) {
        Hyperparameters p = source.parameters();
        Tensors t = source.tensors();
        DecoderShape shape = DecoderShape.read(source);
        Heads heads = shape.heads();
        Dimension n = shape.embeddingDimension();
        Dimension v = source.vocabularyDimension();
        float epsilon = shape.epsilon();
        float scale = (float) (1 / Math.sqrt(heads.keyDimension()));
        int window = p.positiveOr("attention.sliding_window", Integer.MAX_VALUE);
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
                            window,
                            scale,
                            0),
                    null,
                    t.norm(block + "ffn_norm", n, epsilon), // [n]
                    shape.experts() == 0 ? shape.mlp(t, block, i, Activation.SILU) : experts(shape, t, block),
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

    private static ExpertMlp experts(DecoderShape shape, Tensors t, String block) {
        Dimension n = shape.embeddingDimension();
        Dimension f = shape.expertDimension();
        Dimension e = new Dimension("expert_count", shape.experts());
        Linear router = t.linear(block + "ffn_gate_inp", e, n); // [experts][n]
        List<WeightMatrix> gates = t.matrices(block + "ffn_gate_exps.weight", f, n, e); // [experts][f][n]
        List<WeightMatrix> ups = t.matrices(block + "ffn_up_exps.weight", f, n, e); // [experts][f][n]
        List<WeightMatrix> downs = t.matrices(block + "ffn_down_exps.weight", n, f, e); // [experts][n][f]
        List<GatedMlp> experts = new ArrayList<>();
        for (int i = 0; i < shape.experts(); i++) {
            Linear gate = new Linear(gates.get(i), null);
            Linear up = new Linear(ups.get(i), null);
            experts.add(new GatedMlp(gate, up, new Linear(downs.get(i), null), Activation.SILU));
        }
        return new ExpertMlp(router, experts, shape.expertsUsed());
    }
}
