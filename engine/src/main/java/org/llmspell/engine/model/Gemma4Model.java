package org.llmspell.engine.model;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.DenseAndExperts;
import org.llmspell.engine.layer.FeedForward;
import org.llmspell.engine.layer.GatedMlp;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.PerLayerInputLayer;
import org.llmspell.engine.layer.PerLayerInputs;
import org.llmspell.engine.layer.Projections;
import org.llmspell.engine.layer.QueryKeyNorm;
import org.llmspell.engine.layer.RmsNorm;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Router.Gating;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;
import org.llmspell.engine.layer.StoredAttention;
import org.llmspell.engine.layer.TokenMixer;

/**
 * {@code gemma4}: as Gemma 3, with scores that are not scaled, values normalized without weights, larger heads
 * in the layers without a window and a rotation of their own; the small models have inputs for each layer, and last layers
 * that use the keys and values of earlier ones, another model experts beside the plain feed-forward (Gemma team 2026). Text only.
 */
final class Gemma4Model {
    private final DecoderParts parts;
    private final Tensors tensors;
    private final ExpertReader experts;
    private final boolean[] windowed;
    private final int window;
    /** Elements of a head in layers with a window, and in those without. */
    private final int windowedDimension;

    private final int dimension;
    private final RopeTable rope;
    private final RopeTable windowedRope;
    private final KvLayout layout;
    /** The first layer that has no keys and values of its own. */
    private final int sharing;

    private Gemma4Model(ModelSource source) {
        parts = DecoderParts.read(source);
        tensors = source.tensors();
        experts = new ExpertReader(parts, Activation.GELU, Gating.SOFTMAX, true);
        Hyperparameters p = source.parameters();
        int layers = parts.shape().layers();
        windowed = p.flags("attention.sliding_window_pattern", layers)
                .orElseThrow(() ->
                        p.broken("metadata key %s is missing".formatted(p.full("attention.sliding_window_pattern"))));
        window = p.positive("attention.sliding_window");
        dimension = parts.shape().heads().keyDimension();
        windowedDimension = p.positiveOr("attention.key_length_swa", dimension);
        if (windowedDimension > dimension
                || dimension != parts.shape().heads().valueDimension()
                || windowedDimension != p.positiveOr("attention.value_length_swa", windowedDimension)) {
            throw p.broken("heads of %d and, with a window, %d elements do not go together"
                    .formatted(dimension, windowedDimension));
        }
        rope = parts.ropes().table(true);
        windowedRope = new RopeReader(source, windowedDimension, parts.shape().contextLength())
                .withDimensionKey("rope.dimension_count_swa")
                .table(1, true, p.numberOr("rope.freq_base_swa", p.numberOr("rope.freq_base", 10_000)), false);
        sharing = layers - p.countOr("attention.shared_kv_layers", 0);
        if (sharing < 2) {
            throw p.broken(
                    "%s leaves fewer than 2 of %d layers".formatted(p.full("attention.shared_kv_layers"), layers));
        }
        layout = layout();
    }

    static Model load(ModelSource source) {
        return new Gemma4Model(source).decoder();
    }

    private KvLayout layout() {
        List<KvLayout.Layer> layers = new ArrayList<>();
        for (int layer = 0; layer < parts.shape().layers(); layer++) {
            int heads = parts.shape().heads().keyValue()[layer];
            layers.add(KvLayout.Layer.attention(heads, dimension(layer), dimension(layer)));
        }
        return new KvLayout(layers, parts.shape().cacheLayout().precision());
    }

    private int dimension(int layer) {
        return windowed[layer] ? windowedDimension : dimension;
    }

    private Decoder decoder() {
        Hyperparameters p = parts.parameters();
        int width = p.countOr("embedding_length_per_layer_input", 0);
        float scale = (float) Math.sqrt(parts.shape().embedding());
        return new Decoder(
                parts.shape(),
                List.of(rope, windowedRope),
                new InputEmbedding(parts.embedding(), scale, null, width == 0 ? null : inputs(width)),
                parts.layers(i -> new PerLayerInputLayer(
                        new SequentialLayer(
                                parts.rmsNorm(i, "attn_norm"),
                                mixer(i),
                                parts.rmsNorm(i, "post_attention_norm"),
                                parts.rmsNorm(i, "ffn_norm"),
                                feedForward(i),
                                parts.rmsNorm(i, "post_ffw_norm"),
                                1),
                        width == 0 ? Optional.empty() : Optional.of(mix(i, width)),
                        outputScale(i))),
                new OutputHead(
                        parts.rmsNorm("output_norm"), parts.output(), 1, p.numberOr("final_logit_softcapping", 0)));
    }

    /** Plain, or with experts beside where the file has a router. */
    private FeedForward feedForward(int layer) {
        GatedMlp dense = parts.gated(layer, Activation.GELU);
        if (!parts.has(layer, "ffn_gate_inp.weight")) {
            return dense;
        }
        return new DenseAndExperts(
                dense,
                parts.rmsNorm(layer, "post_ffw_norm_1"),
                parts.rmsNorm(layer, "pre_ffw_norm_2"),
                experts.layer(layer),
                parts.rmsNorm(layer, "post_ffw_norm_2"));
    }

    private PerLayerInputs inputs(int width) {
        Dimension n = parts.shape().embeddingDimension();
        Dimension all = new Dimension(
                "block_count · embedding_length_per_layer_input",
                (long) parts.shape().layers() * width);
        Dimension one = new Dimension("embedding_length_per_layer_input", width);
        return new PerLayerInputs(
                tensors.matrix("per_layer_token_embd.weight", parts.source().vocabularyDimension(), all),
                tensors.linear("per_layer_model_proj", all, n), // [layers · width][n]
                tensors.norm("per_layer_proj_norm", one, parts.shape().epsilon()), // [width]
                width);
    }

    private PerLayerInputLayer.Mix mix(int layer, int width) {
        Dimension n = parts.shape().embeddingDimension();
        Dimension one = new Dimension("embedding_length_per_layer_input", width);
        String block = "blk." + layer + ".";
        return new PerLayerInputLayer.Mix(
                layer * width,
                tensors.linear(block + "inp_gate", one, n), // [width][n]
                tensors.linear(block + "proj", n, one), // [n][width]
                parts.rmsNorm(layer, "post_norm")); // [n]
    }

    private float outputScale(int layer) {
        String name = "blk." + layer + ".layer_output_scale.weight";
        return tensors.has(name)
                ? tensors.vector(name, new Dimension("scale", 1)).get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0)
                : 1;
    }

    private TokenMixer mixer(int layer) {
        Heads heads = parts.shape().heads();
        Dimension n = parts.shape().embeddingDimension();
        String block = "blk." + layer + ".";
        Dimension queries = new Dimension("attention.head_count · key length", (long) heads.query() * dimension(layer));
        Linear query = tensors.linear(block + "attn_q", queries, n); // [heads · d][n]
        Linear output = tensors.linear(block + "attn_output", n, queries); // [n][heads · d]
        Scores scores = new Scores(1);
        scores = windowed[layer] ? scores.withWindow(window) : scores;
        RopeTable turn = windowed[layer] ? windowedRope : rope;
        if (layer >= sharing) {
            int owner = sharing - (windowed[layer] ? 2 : 1);
            if (windowed[owner] != windowed[layer]) {
                throw parts.parameters().broken("layer %d cannot use the keys of layer %d".formatted(layer, owner));
            }
            return new StoredAttention(
                    owner,
                    heads.query(),
                    heads.keyValue()[owner],
                    layout,
                    query,
                    output,
                    headNorm(layer, "attn_q_norm"),
                    turn,
                    scores);
        }
        Dimension keys = new Dimension(
                "attention.head_count_kv · key length", (long) heads.keyValue()[layer] * dimension(layer));
        Linear key = tensors.linear(block + "attn_k", keys, n); // [kvHeads · d][n]
        Linear value = parts.has(layer, "attn_v.weight") ? tensors.linear(block + "attn_v", keys, n) : key;
        Attention.Norms norms = new Attention.Norms(
                headNorm(layer, "attn_q_norm"),
                headNorm(layer, "attn_k_norm"),
                headNorm(layer, null),
                Attention.Order.BEFORE_ROTATION);
        Projections projections = new Projections(query, key, value, output);
        return new Attention(layer, heads.query(), heads.keyValue()[layer], layout, projections, norms, turn, scores);
    }

    /** An RMS norm over each head; without weights where there is no name. */
    private QueryKeyNorm headNorm(int layer, @Nullable String name) {
        int size = dimension(layer);
        float epsilon = parts.shape().epsilon();
        RmsNorm norm = name == null
                ? new RmsNorm(tensors.constant(size, 1), epsilon)
                : tensors.norm("blk." + layer + "." + name, new Dimension("attention.key_length", size), epsilon);
        return new QueryKeyNorm(norm, size);
    }
}
