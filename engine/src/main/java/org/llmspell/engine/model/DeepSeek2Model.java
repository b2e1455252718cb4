package org.llmspell.engine.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.LatentAttention;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Router.Gating;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.Scores.Temperature;
import org.llmspell.engine.layer.SequentialLayer;
import org.llmspell.kernels.WeightMatrix;

/**
 * {@code deepseek2}: DeepSeek V2, V2.5, V3, R1 and the models built like them. Multi-head latent attention, experts after some
 * leading plain layers, shared experts, rotation of neighbours; V3 chooses experts by logistic shares with a bias, out of groups
 * (DeepSeek-AI 2024).
 *
 * <p>As in llama.cpp, groups of experts are compared by their two best also for V2, which was published with the best one
 * alone, and YaRN's magnitude multiplies the scores as a whole.
 */
final class DeepSeek2Model {
    private final ModelSource source;
    private final Hyperparameters parameters;
    private final Tensors tensors;
    private final Dimension heads;
    private final Dimension latent;
    private final Dimension rotated;
    private final Dimension plain;
    private final Dimension values;

    private DeepSeek2Model(ModelSource source) {
        this.source = source;
        this.parameters = source.parameters();
        this.tensors = source.tensors();
        heads = dimension("attention.head_count", "attention.head_count");
        latent = dimension("attention.kv_lora_rank", "attention.kv_lora_rank");
        rotated = dimension("rope.dimension_count", "rope.dimension_count");
        // Newer files give the sizes of latent attention's single head under the usual keys, those of its many under
        // others.
        values = dimension("attention.value_length_mla", "attention.value_length");
        Dimension whole = dimension("attention.key_length_mla", "attention.key_length");
        if (whole.size() <= rotated.size()) {
            throw parameters.broken("a key of %d elements has %d that turn".formatted(whole.size(), rotated.size()));
        }
        plain = new Dimension(whole.name() + " − " + rotated.name(), whole.size() - rotated.size());
    }

    static Model load(ModelSource source) {
        return new DeepSeek2Model(source).read();
    }

    private Dimension dimension(String key, String otherwise) {
        String there = parameters.has(key) ? key : otherwise;
        return new Dimension(there, parameters.positive(there));
    }

    private Model read() {
        int[] one = new int[DecoderShape.layers(parameters)];
        Arrays.fill(one, 1);
        int keyDimension = Math.toIntExact(latent.size() + rotated.size());
        Heads cached = new Heads(Math.toIntExact(heads.size()), one, keyDimension, Math.toIntExact(latent.size()));
        DecoderParts parts = DecoderParts.read(source, DecoderShape.read(source, cached));
        boolean renormalized = parameters.flag("expert_weights_norm", false);
        ExpertReader experts = new ExpertReader(parts, Activation.SILU, gating(parts.shape()), renormalized);
        RopeReader ropes = parts.ropes();
        // A tenth of mscale_all_dim, as the converter writes it.
        float logMultiplier = parameters.numberOr("rope.scaling.yarn_log_multiplier", 0);
        RopeTable rope = (logMultiplier == 0 ? ropes : ropes.withoutYarnMagnitude()).table(false);
        double stretched = Math.log(ropes.yarnFactor());
        double magnitude = 1 + (logMultiplier == 0 ? 0.1 : logMultiplier) * stretched;
        Scores scores = new Scores((float) (magnitude * magnitude / Math.sqrt((double) plain.size() + rotated.size())))
                .withTemperature(temperature());
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        attention(parts, i, rope, scores),
                        parts.rmsNorm(i, "ffn_norm"),
                        experts.layer(i)));
    }

    /** V2's files do not say; early ones of GLM 4.7 Flash do not either, and are known as llama.cpp knows them. */
    private static Gating gating(DecoderShape shape) {
        boolean glm = (shape.layers() == 47 || shape.layers() == 48) && shape.vocabulary() == 154_880;
        return glm ? Gating.SIGMOID : Gating.SOFTMAX;
    }

    /** Of the scores of Mistral Large 3, which is built like this. */
    private @Nullable Temperature temperature() {
        float strength = parameters.numberOr("attention.temperature_scale", 0);
        return strength == 0 ? null : new Temperature(strength, parameters.positive("attention.temperature_length"), 0);
    }

    private LatentAttention attention(DecoderParts parts, int layer, RopeTable rope, Scores scores) {
        String attn = "blk." + layer + ".attn_";
        DecoderShape shape = parts.shape();
        Dimension n = shape.embeddingDimension();
        Dimension queries =
                new Dimension(heads.name() + " · key length", heads.size() * (plain.size() + rotated.size()));
        Dimension results = new Dimension(heads.name() + " · value length", heads.size() * values.size());
        Dimension keys = new Dimension(latent.name() + " + " + rotated.name(), latent.size() + rotated.size());
        boolean direct = tensors.has(attn + "q.weight");
        Dimension rank = direct ? n : dimension("attention.q_lora_rank", "attention.q_lora_rank");
        List<WeightMatrix> keyMatrices = new ArrayList<>();
        List<WeightMatrix> valueMatrices = new ArrayList<>();
        matrices(attn, keyMatrices, valueMatrices);
        return new LatentAttention(
                layer,
                Math.toIntExact(heads.size()),
                shape.cacheLayout(),
                direct ? null : tensors.linear(attn + "q_a", rank, n), // [rank][n]
                direct ? null : tensors.norm(attn + "q_a_norm", rank, shape.epsilon()), // [rank]
                tensors.linear(attn + (direct ? "q" : "q_b"), queries, rank), // [heads · (plain + rotated)][rank or n]
                tensors.linear(attn + "kv_a_mqa", keys, n), // [latent + rotated][n]
                tensors.norm(attn + "kv_a_norm", latent, shape.epsilon()), // [latent]
                keyMatrices,
                valueMatrices,
                tensors.linear(attn + "output", n, results), // [n][heads · values]
                rope,
                scores);
    }

    /** The heads' {@code [latent][plain]} and {@code [values][latent]}. Old files have the former turned round, above the latter. */
    private void matrices(String attn, List<WeightMatrix> keys, List<WeightMatrix> results) {
        if (tensors.has(attn + "k_b.weight")) {
            keys.addAll(tensors.matrices(attn + "k_b.weight", latent, plain, heads)); // [heads][latent][plain]
            results.addAll(tensors.matrices(attn + "v_b.weight", values, latent, heads)); // [heads][values][latent]
            return;
        }
        Dimension both = new Dimension(
                "%s · (%s + %s)".formatted(heads.name(), plain.name(), values.name()),
                heads.size() * (plain.size() + values.size()));
        Linear all = tensors.linear(attn + "kv_b", both, latent); // [heads · (plain + values)][latent]
        Dimension[] parts = new Dimension[2 * Math.toIntExact(heads.size())];
        for (int i = 0; i < parts.length; i += 2) {
            parts[i] = plain;
            parts[i + 1] = values;
        }
        List<Linear> cut = Tensors.cut(all, parts);
        for (int i = 0; i < parts.length; i += 2) {
            keys.add(tensors.turned(cut.get(i).weights()));
            results.add(cut.get(i + 1).weights());
        }
    }
}
