package org.llmspell.engine.model;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.GatedDeltaNet;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.Projections;
import org.llmspell.engine.layer.RmsNorm;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Router.Gating;
import org.llmspell.engine.layer.SequentialLayer;
import org.llmspell.engine.layer.TokenMixer;

/**
 * {@code qwen3next}, {@code qwen35} and {@code qwen35moe}: linear attention by the gated delta rule in three layers of four, in
 * the fourth attention with gates, normalized query and key heads and rotation of the first part of each, in halves; gated
 * SiLU feed-forward or experts with a gated shared one (Qwen team 2025, 2026). Text only: all of a token's positions are the
 * same, so that the interleaved rotation of images comes down to the plain one.
 */
final class QwenHybridModel {
    /** More than any model has by far: keeps the size of the state within range. */
    private static final int MOST = 1 << 12;

    private static final long MOST_STATE = 1 << 28;

    /** The sizes of the delta net: {@code keyHeads} of keys and queries, {@code heads} of values, all of one dimension. */
    private record Net(int heads, int keyHeads, int dimension, int taps) {
        static Net read(Hyperparameters p) {
            Net net = new Net(
                    p.positive("ssm.time_step_rank", MOST, 0),
                    p.positive("ssm.group_count", MOST, 0),
                    p.positive("ssm.state_size", MOST, 0),
                    p.positive("ssm.conv_kernel", MOST, 0));
            if (net.heads == 0 || net.keyHeads == 0 || net.dimension == 0 || net.taps == 0) {
                throw p.broken("one of the metadata keys %s, %s, %s and %s is missing"
                        .formatted(
                                p.full("ssm.time_step_rank"),
                                p.full("ssm.group_count"),
                                p.full("ssm.state_size"),
                                p.full("ssm.conv_kernel")));
            }
            if (net.heads % net.keyHeads != 0) {
                throw p.broken("%s %d is not a multiple of %s %d"
                        .formatted(p.full("ssm.time_step_rank"), net.heads, p.full("ssm.group_count"), net.keyHeads));
            }
            if ((long) net.dimension * net.dimension * net.heads > MOST_STATE) {
                throw p.broken("%d states of %d × %d are more than any model has"
                        .formatted(net.heads, net.dimension, net.dimension));
            }
            return net;
        }

        Dimension values() {
            return new Dimension("ssm.time_step_rank · ssm.state_size", (long) heads * dimension);
        }

        Dimension mixed() {
            return new Dimension(
                    "(2 · ssm.group_count + ssm.time_step_rank) · ssm.state_size", (2L * keyHeads + heads) * dimension);
        }
    }

    private QwenHybridModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.readHybrid(source);
        Hyperparameters p = source.parameters();
        DecoderShape shape = parts.shape();
        Net net = Net.read(p);
        boolean[] recurrent = p.flags("attention.recurrent_layers", shape.layers())
                .orElseGet(
                        () -> Hyperparameters.allButEvery(p.positiveOr("full_attention_interval", 4), shape.layers()));
        RopeTable rope = parts.ropeOfHalves();
        ExpertReader experts = new ExpertReader(source, shape, Activation.SILU, Gating.SOFTMAX, true);
        return parts.decoder(List.of(rope), i -> {
            TokenMixer mixer = recurrent[i] ? deltaNet(parts, net, i) : attention(parts, rope, i);
            return SequentialLayer.preNorm(
                    parts.rmsNorm(i, "attn_norm"), mixer, parts.rmsNorm(i, "post_attention_norm"), experts.layer(i));
        });
    }

    private static Attention attention(DecoderParts parts, RopeTable rope, int layer) {
        Tensors t = parts.source().tensors();
        Heads heads = parts.shape().heads();
        Dimension n = parts.shape().embeddingDimension();
        String block = "blk." + layer + ".";
        Dimension queries = new Dimension(
                "2 · attention.head_count · key length", 2 * heads.queryWidth().size());
        Projections projections = new Projections(
                t.linear(block + "attn_q", queries, n), // [heads · (keys + keys)][n]
                t.linear(block + "attn_k", heads.keyWidth(layer), n), // [kvHeads · keys][n]
                t.linear(block + "attn_v", heads.valueWidth(layer), n), // [kvHeads · values][n]
                t.linear(block + "attn_output", n, heads.attendedWidth())); // [n][heads · values]
        return parts.shape().attention(layer, projections.withGates(), parts.headNorms(layer), rope, parts.scores());
    }

    private static GatedDeltaNet deltaNet(DecoderParts parts, Net net, int layer) {
        Tensors t = parts.source().tensors();
        Dimension n = parts.shape().embeddingDimension();
        String block = "blk." + layer + ".";
        Dimension heads = new Dimension("ssm.time_step_rank", net.heads);
        boolean together = t.has(block + "ssm_ba.weight");
        Dimension rates = new Dimension("2 · ssm.time_step_rank", 2L * net.heads);
        GatedDeltaNet.Weights weights = new GatedDeltaNet.Weights(
                t.linear(block + "attn_qkv", net.mixed(), n), // [2 · keyHeads · d + heads · d][n]
                t.linear(block + "attn_gate", net.values(), n), // [heads · d][n]
                together
                        ? new GatedDeltaNet.Rates.ByKeyHead(t.linear(block + "ssm_ba", rates, n)) // [2 · heads][n]
                        : new GatedDeltaNet.Rates.Apart(
                                t.linear(block + "ssm_beta", heads, n), // [heads][n]
                                t.linear(block + "ssm_alpha", heads, n)), // [heads][n]
                t.linear(block + "ssm_out", n, net.values())); // [n][heads · d]
        float epsilon = parts.shape().epsilon();
        // A unit vector is x / √(Σx² + ε), which is x / √(mean(x²) + ε/d) / √d.
        MemorySegment ones = t.constant(net.dimension, (float) (1 / Math.sqrt(net.dimension)));
        return new GatedDeltaNet(
                layer,
                net.heads,
                net.keyHeads,
                parts.architecture().equals("qwen3next"),
                net.dimension,
                net.dimension,
                weights,
                parts.convolution(layer, "ssm_conv1d", net.mixed(), net.taps), // [2 · keyHeads · d + heads · d][taps]
                t.vector(block + "ssm_dt.bias", heads), // [heads]
                t.vector(block + "ssm_a", heads), // [heads]
                new RmsNorm(ones, epsilon / net.dimension),
                t.norm(block + "ssm_norm", new Dimension("ssm.state_size", net.dimension), epsilon)); // [d]
    }
}
