package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Router.Gating;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;
import org.llmspell.engine.layer.ShortConvolution;
import org.llmspell.engine.layer.TokenMixer;

/**
 * {@code lfm2} and, with experts, {@code lfm2moe}: gated short convolutions in most layers, grouped attention with normalized
 * query and key heads and rotation of halves in those that have key-value heads, gated SiLU feed-forward (Liquid AI 2025).
 */
final class Lfm2Model {
    /** More than any model has by far. */
    private static final int MOST_TAPS = 256;

    private Lfm2Model() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.readHybrid(source);
        Hyperparameters p = source.parameters();
        DecoderShape shape = parts.shape();
        int taps = p.positive("shortconv.l_cache", MOST_TAPS, 3);
        int window = p.countOr("attention.sliding_window", 0);
        Scores scores = window == 0 ? parts.scores() : parts.scores().withWindow(window);
        RopeTable rope = parts.ropeOfHalves();
        ExpertReader experts = new ExpertReader(source, shape, Activation.SILU, Gating.SIGMOID, true);
        return parts.decoder(
                List.of(rope),
                i -> {
                    TokenMixer mixer = shape.heads().keyValue()[i] == 0
                            ? convolution(parts, i, taps)
                            : parts.attention(i, parts.headNorms(i), rope, scores);
                    return SequentialLayer.preNorm(
                            parts.rmsNorm(i, "attn_norm"), mixer, parts.rmsNorm(i, "ffn_norm"), experts.layer(i));
                },
                // Files call the output's norm so.
                new OutputHead(parts.rmsNorm("token_embd_norm"), parts.output()));
    }

    private static ShortConvolution convolution(DecoderParts parts, int layer, int taps) {
        Tensors t = parts.source().tensors();
        Dimension n = parts.shape().embeddingDimension();
        String block = "blk." + layer + ".shortconv.";
        List<Linear> input = t.fused(block + "in_proj", n, n, n, n); // [n + n + n][n]
        return new ShortConvolution(
                layer,
                input.get(0),
                input.get(1),
                input.get(2),
                parts.convolution(layer, "shortconv.conv", n, taps), // [n][taps]
                t.linear(block + "out_proj", n, n)); // [n][n]
    }
}
