package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.MixerPair;
import org.llmspell.engine.layer.RmsNorm;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code falcon-h1}: in each layer grouped attention and Mamba 2 side by side, rotation of halves, gated SiLU feed-forward
 * (Zuo et al. 2025). The model's multipliers are part of the weights in a file.
 */
final class FalconH1Model {
    private FalconH1Model() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        Hyperparameters p = source.parameters();
        RecurrentShape recurrent = RecurrentShape.mamba2(p);
        RopeTable rope = parts.ropeOfHalves();
        float scale = p.numberOr("attention.scale", 0);
        Scores scores = scale == 0 ? parts.scores() : new Scores(scale);
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        new MixerPair(parts.attention(i, rope, scores), recurrent.mamba2(parts, i)),
                        feedForwardNorm(parts, i),
                        parts.gated(i, Activation.SILU)));
    }

    /** llama.cpp's conversion leaves the {@code .weight} out of this one name. */
    private static RmsNorm feedForwardNorm(DecoderParts parts, int layer) {
        String bare = "blk." + layer + ".ffn_norm";
        return parts.has(layer, "ffn_norm")
                ? new RmsNorm(
                        parts.source().tensors().vector(bare, parts.shape().embeddingDimension()),
                        parts.shape().epsilon())
                : parts.rmsNorm(layer, "ffn_norm");
    }
}
