package org.llmspell.engine.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.DecoderLayer;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Router.Gating;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;
import org.llmspell.kernels.WeightMatrix;

/**
 * Pre-norm decoders with experts that differ in a few choices only: {@code deepseek} (Dai et al. 2024), {@code olmoe}
 * (Muennighoff et al. 2024), {@code dots1} (dots.llm1), {@code glm4moe} (GLM 4.5), {@code ernie4_5-moe}, {@code bailingmoe} (Ling)
 * and {@code hunyuan-moe}. Which layers are plain and which experts are shared is as the file has it.
 */
final class MixtureModel {
    /** Which queries and keys are normalized, and how. */
    private enum QueryKey {
        NONE,
        /** Each head by one norm, before the rotation. */
        HEADS,
        /** Each head by one norm, after the rotation. */
        HEADS_AFTER_ROTATION,
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
    private record Choices(
            boolean halves, QueryKey queryKey, Gating gating, boolean renormalized, String middleNorm) {}

    private static final Map<String, Choices> ALL = Map.of(
            "deepseek", new Choices(false, QueryKey.NONE, Gating.SOFTMAX, false, "ffn_norm"),
            "olmoe", new Choices(true, QueryKey.WHOLE, Gating.SOFTMAX, false, "ffn_norm"),
            "dots1", new Choices(true, QueryKey.HEADS, Gating.SIGMOID, false, "ffn_norm"),
            "glm4moe", new Choices(true, QueryKey.HEADS, Gating.SIGMOID, false, "post_attention_norm"),
            "ernie4_5-moe", new Choices(false, QueryKey.NONE, Gating.SOFTMAX, true, "ffn_norm"),
            "bailingmoe", new Choices(false, QueryKey.NONE, Gating.SOFTMAX, false, "ffn_norm"),
            "hunyuan-moe", new Choices(true, QueryKey.HEADS_AFTER_ROTATION, Gating.SOFTMAX, true, "ffn_norm"));

    private MixtureModel() {}

    static Model load(ModelSource source) {
        Hyperparameters p = source.parameters();
        Tensors t = source.tensors();
        Choices choices = Objects.requireNonNull(ALL.get(p.architecture()));
        DecoderShape shape = DecoderShape.read(source);
        Heads heads = shape.heads();
        Dimension n = shape.embeddingDimension();
        float epsilon = shape.epsilon();
        Scores scores = Scores.of(heads.keyDimension());
        RopeTable rope =
                new RopeReader(source, heads.keyDimension(), shape.contextLength()).table(choices.halves);
        boolean renormalized = p.flag("expert_weights_norm", choices.renormalized);
        ExpertReader experts = new ExpertReader(source, shape, Activation.SILU, choices.gating, renormalized);

        WeightMatrix embedding = t.matrix("token_embd.weight", source.vocabularyDimension(), n); // [vocabulary][n]
        List<DecoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < shape.layers(); i++) {
            String block = "blk." + i + ".";
            // GLM 4.5 Air goes without.
            boolean normed = t.has(block + "attn_q_norm.weight");
            Attention.Norms norms = switch (choices.queryKey) {
                case NONE -> null;
                case HEADS -> normed ? shape.headNorms(t, block) : null;
                case HEADS_AFTER_ROTATION -> {
                    Attention.Norms before = shape.headNorms(t, block);
                    yield new Attention.Norms(before.query(), before.key(), Attention.Order.AFTER_ROTATION);
                }
                case WHOLE -> shape.wholeNorms(t, block, i);
            };
            layers.add(SequentialLayer.preNorm(
                    t.norm(block + "attn_norm", n, epsilon), // [n]
                    shape.attention(i, shape.projections(t, block, i), norms, rope, scores),
                    t.norm(block + choices.middleNorm, n, epsilon), // [n]
                    experts.layer(i)));
        }
        return new Decoder(
                shape,
                List.of(rope),
                new InputEmbedding(embedding),
                layers,
                new OutputHead(t.norm("output_norm", n, epsilon), shape.output(t, embedding)));
    }
}
