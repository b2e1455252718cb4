package org.llmspell.engine.model;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Router.Gating;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * Pre-norm decoders with experts that differ in a few choices only: {@code deepseek} (Dai et al. 2024), {@code olmoe}
 * (Muennighoff et al. 2024), {@code dots1} (dots.llm1), {@code glm4moe} (GLM 4.5), {@code ernie4_5-moe}, {@code bailingmoe}
 * (Ling), {@code bailingmoe2} (Ling 2) and {@code minimax-m2}. Which layers are plain and which experts are shared is as the file has it.
 */
final class MixtureModel {
    /** Which queries and keys are normalized, and how. */
    private enum QueryKey {
        NONE,
        /** Each head by one norm, before the rotation. */
        HEADS,
        /** All heads together. */
        WHOLE
    }

    /**
     * What an architecture chooses.
     *
     * @param halves whether rotation pairs halves, not neighbours
     * @param gating where the file does not say
     * @param renormalized whether the experts' shares are made to sum to 1, where the file does not say
     * @param middleNorm name of the norm before the feed-forward
     */
    private record Choices(boolean halves, QueryKey queryKey, Gating gating, boolean renormalized, String middleNorm) {}

    private static final Map<String, Choices> ALL = Map.of(
            "deepseek", new Choices(false, QueryKey.NONE, Gating.SOFTMAX, false, "ffn_norm"),
            "olmoe", new Choices(true, QueryKey.WHOLE, Gating.SOFTMAX, false, "ffn_norm"),
            "dots1", new Choices(true, QueryKey.HEADS, Gating.SIGMOID, false, "ffn_norm"),
            "glm4moe", new Choices(true, QueryKey.HEADS, Gating.SIGMOID, false, "post_attention_norm"),
            "ernie4_5-moe", new Choices(false, QueryKey.NONE, Gating.SOFTMAX, true, "ffn_norm"),
            "bailingmoe2", new Choices(true, QueryKey.HEADS, Gating.SIGMOID, false, "ffn_norm"),
            "minimax-m2", new Choices(true, QueryKey.WHOLE, Gating.SIGMOID, true, "ffn_norm"),
            "bailingmoe", new Choices(false, QueryKey.NONE, Gating.SOFTMAX, false, "ffn_norm"));

    private MixtureModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        Choices choices = Objects.requireNonNull(ALL.get(parts.architecture()));
        boolean renormalized = parts.parameters().flag("expert_weights_norm", choices.renormalized);
        ExpertReader experts = new ExpertReader(parts, Activation.SILU, choices.gating, renormalized);
        Scores scores = parts.scores();
        RopeTable rope = choices.halves ? parts.ropeOfHalves() : parts.ropeOfNeighbours();
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        parts.attention(i, norms(choices.queryKey, parts, i), rope, scores),
                        parts.rmsNorm(i, choices.middleNorm),
                        experts.layer(i)));
    }

    private static Attention.@Nullable Norms norms(QueryKey kind, DecoderParts parts, int layer) {
        return switch (kind) {
            case NONE -> null;
            // GLM 4.5 Air goes without.
            case HEADS -> parts.has(layer, "attn_q_norm.weight") ? parts.headNorms(layer) : null;
            case WHOLE -> parts.wholeNorms(layer);
        };
    }
}
