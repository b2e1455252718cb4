package org.llmspell.engine.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.layer.ExpertMlp;
import org.llmspell.engine.layer.GatedMlp;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.Scores.Temperature;
import org.llmspell.engine.layer.SequentialLayer;
import org.llmspell.kernels.WeightMatrix;

/**
 * {@code llama}: Llama 1 to 3, TinyLlama, Mistral, SmolLM2, and the mixture of experts of Mixtral; {@code mistral3}: Ministral 3;
 * and those that differ in name alone, {@code internlm2}, {@code ernie4_5} and {@code xverse}. Pre-norm decoder with grouped
 * heads, rotation of neighbouring elements, gated SiLU feed-forward (Touvron et al. 2023, Jiang et al. 2024). A window that a
 * file of Mistral's first version gives is kept; llama.cpp leaves it out.
 */
final class LlamaModel {
    private LlamaModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        Hyperparameters p = source.parameters();
        int window = p.countOr("attention.sliding_window", 0);
        Scores scores = parts.scores().withWindow(window == 0 ? Integer.MAX_VALUE : window);
        if (parts.architecture().equals("mistral3")) {
            scores = scores.withTemperature(temperature(p, parts.shape().contextLength()));
        }
        Scores all = scores;
        RopeTable rope = parts.ropeOfNeighbours();
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(i, rope, all),
                        parts.rmsNorm(i, "ffn_norm"),
                        parts.shape().experts() == 0
                                ? parts.gated(i, Activation.SILU)
                                : experts(parts.shape(), source.tensors(), "blk." + i + ".")));
    }

    /** Scores grow by a step at every multiple of the context that the model was first trained for. */
    private static @Nullable Temperature temperature(Hyperparameters p, int contextLength) {
        float strength = p.numberOr("attention.temperature_scale", 0);
        int interval = p.positiveOr("rope.scaling.original_context_length", contextLength);
        return strength == 0 ? null : new Temperature(strength, interval, 0);
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
