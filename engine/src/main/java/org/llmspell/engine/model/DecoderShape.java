package org.llmspell.engine.model;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.KvLayout.Precision;
import org.llmspell.engine.cache.LayerGroup;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.GatedMlp;
import org.llmspell.engine.layer.LayerNorm;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.Norm;
import org.llmspell.engine.layer.PlainMlp;
import org.llmspell.engine.layer.Projections;
import org.llmspell.engine.layer.QueryKeyNorm;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.Widths;
import org.llmspell.kernels.WeightMatrix;

/**
 * The hyper-parameters that all decoder-only architectures here share.
 *
 * @param layers from {@code block_count}, without those at the end that predict further tokens ({@code nextn_predict_layers})
 * @param contextLength tokens trained for, from {@code context_length}
 * @param embedding elements of the residual stream, from {@code embedding_length}
 * @param feedForward per layer, from {@code feed_forward_length}
 * @param experts from {@code expert_count}; 0 without a mixture
 * @param expertsUsed from {@code expert_used_count}
 * @param widestFeedForward of the plain feed-forward layers and shared experts; 0 if there are routed experts only
 * @param expertFeedForward from {@code expert_feed_forward_length}, else the plain one
 * @param epsilon of the norms, from {@code attention.layer_norm_rms_epsilon}, else {@code attention.layer_norm_epsilon}
 * @param vocabulary tokens
 * @param cacheLayout bytes where they are asked for, else half precision; pairs of halves where the weights are float32, or where
 *     the model is so small that they cost next to nothing
 * @param poolingType from {@code pooling_type}, 0 where the file does not say
 */
@SuppressWarnings("ArrayRecordComponent") // one per model, never compared
record DecoderShape(
        int layers,
        int contextLength,
        int embedding,
        Heads heads,
        int[] feedForward,
        int experts,
        int expertsUsed,
        int expertFeedForward,
        int widestFeedForward,
        float epsilon,
        int vocabulary,
        KvLayout cacheLayout,
        int poolingType) {

    /** Bytes of exactly cached context that are no matter: some 1% of what a small real model takes. */
    private static final long NEGLIGIBLE_CACHE = 16 << 20;

    private static final String LAYER_NORM_EPSILON = "attention.layer_norm_epsilon";

    static DecoderShape read(ModelSource source) {
        return read(source, heads(source, 1));
    }

    /** The same where layers without attention may say so by having no key-value heads. */
    static DecoderShape readHybrid(ModelSource source) {
        return read(source, heads(source, 0));
    }

    private static Heads heads(ModelSource source, int leastKeyValue) {
        Hyperparameters p = source.parameters();
        return Heads.read(p, layers(p), p.positive("embedding_length"), leastKeyValue);
    }

    /** Layers of the decoder, without those at the end that predict further tokens. */
    static int layers(Hyperparameters p) {
        int layers = p.layers() - p.countOr("nextn_predict_layers", 0);
        if (layers < 1) {
            throw p.broken("%s leaves none of the layers".formatted(p.full("nextn_predict_layers")));
        }
        return layers;
    }

    /** The same with attention that works on these heads, whatever the file's metadata says of them. */
    static DecoderShape read(ModelSource source, Heads heads) {
        Hyperparameters p = source.parameters();
        int layers = layers(p);
        int contextLength = p.positive("context_length");
        int embedding = p.positive("embedding_length");
        int experts = p.countOr("expert_count", 0);
        // A model of experts only may leave the width of plain layers out.
        int expertWidth = experts == 0 ? 0 : p.positiveOr("expert_feed_forward_length", 0);
        int[] feedForward = p.perLayer("feed_forward_length", layers, expertWidth);
        if (feedForward[0] == 0) {
            throw p.broken("metadata key " + p.full("feed_forward_length") + " is missing");
        }
        int declared = p.positiveOr("vocab_size", source.vocabulary());
        if (declared != source.vocabulary()) {
            throw p.broken("metadata key %s is %d, but the tokenizer has %d tokens"
                    .formatted(p.full("vocab_size"), declared, source.vocabulary()));
        }
        int used = experts == 0 ? 0 : p.positive("expert_used_count");
        if (used > experts) {
            throw p.broken("%s %d is more than %s %d"
                    .formatted(p.full("expert_used_count"), used, p.full("expert_count"), experts));
        }
        Tensors tensors = source.tensors();
        boolean exact = false;
        for (int layer = 0; layer < layers; layer++) {
            String block = "blk." + layer + ".";
            exact |= tensors.isFloat32(block + "attn_k.weight")
                    || tensors.isFloat32(block + "attn_qkv.weight")
                    || tensors.isFloat32(block + "attn_kv_a_mqa.weight");
        }
        return new DecoderShape(
                layers,
                contextLength,
                embedding,
                heads,
                feedForward,
                experts,
                used,
                experts == 0 || expertWidth > 0 ? expertWidth : feedForward[0],
                widest(tensors, feedForward),
                epsilon(p),
                source.vocabulary(),
                source.cachesBytes() ? layout(heads, Precision.BYTES) : cacheLayout(heads, contextLength, exact),
                p.countOr("pooling_type", 0));
    }

    private static int widest(Tensors tensors, int[] feedForward) {
        int widest = 0;
        for (int layer = 0; layer < feedForward.length; layer++) {
            String block = "blk." + layer + ".";
            if (!tensors.has(block + "ffn_gate_inp.weight") || tensors.has(block + "ffn_up.weight")) {
                widest = Math.max(widest, feedForward[layer]);
            } else if (tensors.has(block + "ffn_up_shexp.weight")) {
                widest = Math.max(widest, tensors.outputs(block + "ffn_up_shexp.weight"));
            }
        }
        return widest;
    }

    /** RMS norms and layer norms have keys of their own; where a file has both, its layer norms ask for theirs. */
    private static float epsilon(Hyperparameters p) {
        String rms = "attention.layer_norm_rms_epsilon";
        return p.has(rms) || !p.has(LAYER_NORM_EPSILON) ? p.number(rms, 0) : p.number(LAYER_NORM_EPSILON, 0);
    }

    /** The epsilon of the model's layer norms. */
    float layerNormEpsilon(Hyperparameters p) {
        return p.numberOr(LAYER_NORM_EPSILON, epsilon);
    }

    private static KvLayout cacheLayout(Heads heads, int contextLength, boolean exact) {
        KvLayout pairs = layout(heads, Precision.HALF_PAIR);
        long pageBytes =
                pairs.groups().stream().mapToLong(LayerGroup::pageBytes).sum();
        boolean small = pageBytes * KvLayout.pages(contextLength) <= NEGLIGIBLE_CACHE;
        return exact || small ? pairs : layout(heads, Precision.HALF);
    }

    private static KvLayout layout(Heads heads, Precision precision) {
        return new KvLayout(heads.keyValue(), heads.keyDimension(), heads.valueDimension(), precision);
    }

    Dimension embeddingDimension() {
        return new Dimension("embedding_length", embedding);
    }

    Dimension expertDimension() {
        return new Dimension("expert feed_forward_length", expertFeedForward);
    }

    Dimension feedForwardDimension(int layer) {
        return new Dimension("feed_forward_length", feedForward[layer]);
    }

    /** The matrices of a layer's attention with their biases, apart or in one tensor, whichever the file has. */
    Projections projections(Tensors tensors, String block, int layer) {
        Dimension n = embeddingDimension();
        Linear output = tensors.linear(block + "attn_output", n, heads.attendedWidth()); // [n][heads · values]
        if (tensors.has(block + "attn_qkv.weight")) {
            // [heads · keys + kvHeads · keys + kvHeads · values][n]
            List<Linear> parts = tensors.fused(
                    block + "attn_qkv", n, heads.queryWidth(), heads.keyWidth(layer), heads.valueWidth(layer));
            return new Projections(parts.get(0), parts.get(1), parts.get(2), output);
        }
        return new Projections(
                tensors.linear(block + "attn_q", heads.queryWidth(), n), // [heads · keys][n]
                tensors.linear(block + "attn_k", heads.keyWidth(layer), n), // [kvHeads · keys][n]
                tensors.linear(block + "attn_v", heads.valueWidth(layer), n), // [kvHeads · values][n]
                output);
    }

    /** The attention of a layer, whose heads and cache are this shape's. */
    Attention attention(
            int layer,
            Projections projections,
            Attention.@Nullable Norms norms,
            @Nullable RopeTable rope,
            Scores scores) {
        return new Attention(
                layer, heads.query(), heads.keyValue()[layer], cacheLayout, projections, norms, rope, scores);
    }

    /** RMS norms that all query heads and all key heads of a layer share: {@code [keys]} each. */
    Attention.Norms headNorms(Tensors tensors, String block) {
        int width = heads.keyDimension();
        Dimension keys = new Dimension("attention.key_length", width);
        return new Attention.Norms(
                new QueryKeyNorm(tensors.norm(block + "attn_q_norm", keys, epsilon), width),
                new QueryKeyNorm(tensors.norm(block + "attn_k_norm", keys, epsilon), width));
    }

    /** RMS norms over all query heads together, and over all key heads: {@code [heads · keys]} and {@code [kvHeads · keys]}. */
    Attention.Norms wholeNorms(Tensors tensors, String block, int layer) {
        Dimension queries = heads.queryWidth();
        Dimension keys = heads.keyWidth(layer);
        return new Attention.Norms(
                new QueryKeyNorm(tensors.norm(block + "attn_q_norm", queries, epsilon), (int) queries.size()),
                new QueryKeyNorm(tensors.norm(block + "attn_k_norm", keys, epsilon), (int) keys.size()));
    }

    /** Layer norms of its own for each query and key head, without bias: {@code [heads][keys]} and {@code [kvHeads][keys]}. */
    Attention.Norms ownNorms(Tensors tensors, String block, int layer, float layerNormEpsilon) {
        return new Attention.Norms(
                ownNorm(tensors, block + "attn_q_norm.weight", heads.query(), layerNormEpsilon),
                ownNorm(tensors, block + "attn_k_norm.weight", heads.keyValue()[layer], layerNormEpsilon));
    }

    private QueryKeyNorm ownNorm(Tensors tensors, String name, int count, float layerNormEpsilon) {
        Dimension keys = new Dimension("attention.key_length", heads.keyDimension());
        List<Norm> norms = new ArrayList<>();
        for (MemorySegment weight : tensors.vectors(name, new Dimension("heads", count), keys)) {
            norms.add(new LayerNorm(weight, null, layerNormEpsilon));
        }
        return new QueryKeyNorm(norms, heads.keyDimension());
    }

    /** The plain gated feed-forward of a layer: gate and up {@code [f][n]}, down {@code [n][f]}. */
    GatedMlp mlp(Tensors tensors, String block, int layer, GatedMlp.Activation activation) {
        Dimension n = embeddingDimension();
        Dimension f = feedForwardDimension(layer);
        return new GatedMlp(
                tensors.linear(block + "ffn_gate", f, n),
                tensors.linear(block + "ffn_up", f, n),
                tensors.linear(block + "ffn_down", n, f),
                activation);
    }

    /** The feed-forward of a layer without a gate: up {@code [f][n]}, down {@code [n][f]}, with their biases. */
    PlainMlp plainMlp(Tensors tensors, String block, int layer, PlainMlp.Activation activation) {
        Dimension n = embeddingDimension();
        Dimension f = feedForwardDimension(layer);
        return new PlainMlp(
                tensors.linear(block + "ffn_up", f, n), tensors.linear(block + "ffn_down", n, f), activation);
    }

    /** The output matrix {@code [vocabulary][n]} with its bias; the token embedding where the file has none. */
    Linear output(Tensors tensors, WeightMatrix embedding) {
        Dimension v = new Dimension("vocabulary: number of tokenizer.ggml.tokens", vocabulary);
        return tensors.has("output.weight")
                ? tensors.linear("output", v, embeddingDimension())
                : new Linear(embedding, tensors.bias("output", v));
    }

    /**
     * The activations of such a model.
     *
     * @param ropeTables how many rotary tables it has
     * @param rotary the most dimensions that one of them turns
     * @param branches whether layers have parts side by side
     * @param perLayer elements that its layers get besides the stream
     * @param recurrent of its recurrent layers
     */
    Widths widths(int ropeTables, int rotary, boolean branches, int perLayer, Widths.Recurrent recurrent) {
        return new Widths(
                embedding,
                branches ? embedding : 0,
                heads.query() * heads.keyDimension(),
                heads.mostKeyValue() * heads.keyDimension(),
                heads.mostKeyValue() * heads.valueDimension(),
                heads.query() * heads.valueDimension(),
                cacheLayout.precision().numbers(),
                widestFeedForward,
                experts,
                expertsUsed,
                expertFeedForward,
                ropeTables,
                rotary,
                vocabulary,
                perLayer,
                recurrent);
    }
}
