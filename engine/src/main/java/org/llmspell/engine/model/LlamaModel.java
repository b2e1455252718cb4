package org.llmspell.engine.model;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Router.Gating;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.Scores.Temperature;
import org.llmspell.engine.layer.SequentialLayer;

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
        ExpertReader experts = new ExpertReader(source, parts.shape(), Activation.SILU, Gating.SOFTMAX, true);
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(i, rope, all),
                        parts.rmsNorm(i, "ffn_norm"),
                        experts.layer(i)));
    }

    /** Scores grow by a step at every multiple of the context that the model was first trained for. */
    private static @Nullable Temperature temperature(Hyperparameters p, int contextLength) {
        float strength = p.numberOr("attention.temperature_scale", 0);
        int interval = p.positiveOr("rope.scaling.original_context_length", contextLength);
        return strength == 0 ? null : new Temperature(strength, interval, 0);
    }
}
