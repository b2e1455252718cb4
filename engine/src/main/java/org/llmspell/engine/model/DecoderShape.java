package org.llmspell.engine.model;

import org.jspecify.annotations.Nullable;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.GatedMlp;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.RmsNorm;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Widths;

/**
 * The hyper-parameters that all decoder-only architectures here share.
 *
 * @param layers from {@code block_count}
 * @param contextLength tokens trained for, from {@code context_length}
 * @param embedding elements of the residual stream, from {@code embedding_length}
 * @param feedForward per layer, from {@code feed_forward_length}
 * @param experts from {@code expert_count}; 0 without a mixture
 * @param expertsUsed from {@code expert_used_count}
 * @param expertFeedForward from {@code expert_feed_forward_length}, else the plain one
 * @param epsilon of the norms, from {@code attention.layer_norm_rms_epsilon}
 * @param vocabulary tokens
 * @param cacheLayout half precision; pairs of halves where the weights are float32, or where the model is so small that they
 *     cost next to nothing
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
        float epsilon,
        int vocabulary,
        KvLayout cacheLayout) {

    /** Bytes of exactly cached context that are no matter: some 1% of what a small real model takes. */
    private static final long NEGLIGIBLE_CACHE = 16 << 20;

    static DecoderShape read(ModelSource source) {
        Hyperparameters p = source.parameters();
        int layers = p.layers();
        int contextLength = p.positive("context_length");
        int embedding = p.positive("embedding_length");
        int[] feedForward = p.perLayer("feed_forward_length", layers, 0);
        if (feedForward[0] == 0) {
            throw p.broken("metadata key " + p.full("feed_forward_length") + " is missing");
        }
        int declared = p.positiveOr("vocab_size", source.vocabulary());
        if (declared != source.vocabulary()) {
            throw p.broken("metadata key %s is %d, but the tokenizer has %d tokens"
                    .formatted(p.full("vocab_size"), declared, source.vocabulary()));
        }
        int experts = p.countOr("expert_count", 0);
        int used = experts == 0 ? 0 : p.positive("expert_used_count");
        if (used > experts) {
            throw p.broken("%s %d is more than %s %d"
                    .formatted(p.full("expert_used_count"), used, p.full("expert_count"), experts));
        }
        Heads heads = Heads.read(p, layers, embedding);
        Tensors tensors = source.tensors();
        boolean exact = tensors.isFloat32("blk.0.attn_k.weight") || tensors.isFloat32("blk.0.attn_qkv.weight");
        return new DecoderShape(
                layers,
                contextLength,
                embedding,
                heads,
                feedForward,
                experts,
                used,
                experts == 0 ? 0 : p.positiveOr("expert_feed_forward_length", feedForward[0]),
                p.number("attention.layer_norm_rms_epsilon", 0),
                source.vocabulary(),
                cacheLayout(heads, contextLength, exact));
    }

    private static KvLayout cacheLayout(Heads heads, int contextLength, boolean exact) {
        KvLayout pairs = new KvLayout(
                heads.keyValue(), heads.keyDimension(), heads.valueDimension(), KvLayout.Precision.HALF_PAIR);
        boolean small = pairs.groups().getFirst().pageBytes() * KvLayout.pages(contextLength) <= NEGLIGIBLE_CACHE;
        return exact || small
                ? pairs
                : new KvLayout(heads.keyValue(), heads.keyDimension(), heads.valueDimension(), KvLayout.Precision.HALF);
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

    /** The attention of a layer, whose heads and cache are this shape's. */
    Attention attention(
            int layer,
            Linear query,
            Linear key,
            Linear value,
            Linear output,
            @Nullable RmsNorm queryNorm,
            @Nullable RmsNorm keyNorm,
            RopeTable rope,
            int window,
            float scale,
            float softcap) {
        return new Attention(
                layer,
                heads.query(),
                heads.keyValue()[layer],
                cacheLayout,
                query,
                key,
                value,
                output,
                queryNorm,
                keyNorm,
                rope,
                window,
                scale,
                softcap);
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

    /** The activations of such a model with {@code ropeTables} rotary tables over {@code rotary} dimensions. */
    Widths widths(int ropeTables, int rotary) {
        int widest = 0;
        for (int width : feedForward) {
            widest = Math.max(widest, width);
        }
        return new Widths(
                embedding,
                heads.query() * heads.keyDimension(),
                heads.mostKeyValue() * heads.keyDimension(),
                heads.mostKeyValue() * heads.valueDimension(),
                heads.query() * heads.valueDimension(),
                cacheLayout.precision().halves(),
                experts == 0 ? widest : 0,
                experts,
                expertsUsed,
                expertFeedForward,
                ropeTables,
                rotary,
                vocabulary);
    }
}
