package org.llmspell.engine.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.ExpertMlp;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.engine.layer.GatedMlp;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.RmsNorm;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Widths;
import org.llmspell.kernels.WeightMatrix;

/**
 * {@code llama}: Llama 1 to 3, TinyLlama, Mistral, SmolLM2, and the mixture of experts of Mixtral. Pre-norm decoder with
 * grouped heads, rotation of neighbouring elements, gated SiLU feed-forward (Touvron et al. 2023, Jiang et al. 2024).
 */
final class LlamaModel implements Model {
    private record Layer(
            RmsNorm attentionNorm,
            Attention attention,
            RmsNorm feedForwardNorm,
            @Nullable GatedMlp mlp,
            @Nullable ExpertMlp experts) {}

    private final DecoderShape shape;
    private final WeightMatrix embedding;
    private final RopeTable rope;
    private final List<Layer> layers = new ArrayList<>();
    private final RmsNorm outputNorm;
    private final WeightMatrix output;

    LlamaModel(ModelSource source) {
        Hyperparameters p = source.parameters();
        Tensors t = source.tensors();
        shape = DecoderShape.read(source);
        Heads heads = shape.heads();
        KvLayout layout = shape.cacheLayout();
        rope = new RopeReader(source, heads.keyDimension(), shape.contextLength()).table(false);
        float scale = (float) (1 / Math.sqrt(heads.keyDimension()));
        int window = p.positiveOr("attention.sliding_window", Integer.MAX_VALUE);
        float epsilon = shape.epsilon();
        Dimension n = shape.embeddingDimension();
        Dimension v = source.vocabularyDimension();

        embedding = t.matrix("token_embd.weight", v, n); // [vocabulary][n]
        for (int i = 0; i < shape.layers(); i++) {
            String block = "blk." + i + ".";
            int kvHeads = heads.keyValue()[i];
            layers.add(new Layer(
                    t.norm(block + "attn_norm", n, epsilon), // [n]
                    new Attention(
                            i,
                            heads.query(),
                            kvHeads,
                            layout,
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
                    t.norm(block + "ffn_norm", n, epsilon), // [n]
                    shape.experts() == 0 ? shape.mlp(t, block, i, Activation.SILU) : null,
                    shape.experts() == 0 ? null : experts(t, block)));
        }
        outputNorm = t.norm("output_norm", n, epsilon); // [n]
        output = t.has("output.weight") ? t.matrix("output.weight", v, n) : embedding; // [vocabulary][n]
    }

    private ExpertMlp experts(Tensors t, String block) {
        Dimension n = shape.embeddingDimension();
        Dimension f = shape.expertDimension();
        Dimension e = new Dimension("expert_count", shape.experts());
        Linear router = t.linear(block + "ffn_gate_inp", e, n); // [experts][n]
        List<WeightMatrix> gates = t.matrices(block + "ffn_gate_exps.weight", f, n, e); // [experts][f][n]
        List<WeightMatrix> ups = t.matrices(block + "ffn_up_exps.weight", f, n, e); // [experts][f][n]
        List<WeightMatrix> downs = t.matrices(block + "ffn_down_exps.weight", n, f, e); // [experts][n][f]
        List<GatedMlp> experts = new ArrayList<>();
        for (int i = 0; i < shape.experts(); i++) {
            experts.add(new GatedMlp(
                    new Linear(gates.get(i), null),
                    new Linear(ups.get(i), null),
                    new Linear(downs.get(i), null),
                    Activation.SILU));
        }
        return new ExpertMlp(router, experts, shape.expertsUsed());
    }

    @Override
    public boolean forward(ForwardPass pass) {
        var x = pass.memory.stream;
        var h = pass.memory.normed;
        pass.prepare(rope);
        pass.embed(embedding, 1);
        for (Layer layer : layers) {
            if (pass.abandoned()) {
                return false;
            }
            layer.attentionNorm.apply(pass, x, h);
            layer.attention.apply(pass, h, h);
            pass.add(h, 1);
            layer.feedForwardNorm.apply(pass, x, h);
            if (layer.experts != null) {
                layer.experts.apply(pass, h, h);
            } else if (layer.mlp != null) {
                layer.mlp.apply(pass, h, h);
            }
            pass.add(h, 1);
        }
        pass.logits(outputNorm, output, 1, 0);
        return true;
    }

    @Override
    public int contextLength() {
        return shape.contextLength();
    }

    @Override
    public Widths widths() {
        return shape.widths(1, rope.dimensions());
    }

    @Override
    public KvLayout cacheLayout() {
        return shape.cacheLayout();
    }

    @Override
    public int cacheVariant(int contextLength) {
        return rope.variant(contextLength);
    }
}
