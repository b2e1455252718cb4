package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Router.Gating;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code granite} (Granite 3 and dense 4) and {@code minicpm}: Llama's layers with scales on the embeddings, the attention scores,
 * what a layer adds, and (dividing) the logits (Hu et al. 2024, IBM 2024). Old files of MiniCPM lack the scales; their
 * defaults are llama.cpp's. Granite 4 has no positions at all where the file says so. {@code granitemoe} has experts, in
 * later models a shared one too; {@code granitehybrid} (Granite 4 H) has Mamba 2 in the layers without key-value heads.
 */
final class GraniteModel {
    private GraniteModel() {}

    static Model load(ModelSource source) {
        boolean hybrid = source.parameters().architecture().equals("granitehybrid");
        DecoderParts parts = hybrid ? DecoderParts.readHybrid(source) : DecoderParts.read(source);
        Hyperparameters p = source.parameters();
        DecoderShape shape = parts.shape();
        ExpertReader experts = new ExpertReader(parts, Activation.SILU, Gating.SOFTMAX, true);
        boolean miniCpm = parts.architecture().equals("minicpm");
        float embeddingScale = scale(p, "embedding_scale", miniCpm ? 12 : 1);
        float residualScale = scale(p, "residual_scale", miniCpm ? 1.4 / Math.sqrt(shape.layers()) : 1);
        float logitScale = scale(p, "logit_scale", miniCpm ? 256.0 / shape.embedding() : 1);
        double keys = shape.heads().keyDimension();
        Scores scores = new Scores(scale(p, "attention.scale", 1 / Math.sqrt(keys)));
        boolean positions = miniCpm || p.flag("rope.scaling.finetuned", true);
        List<RopeTable> ropes = positions ? List.of(parts.ropeOfNeighbours()) : List.of();
        RecurrentShape recurrent = hybrid ? RecurrentShape.mamba2(p) : null;
        return new Decoder(
                shape,
                ropes,
                new InputEmbedding(parts.embedding(), embeddingScale, null),
                parts.layers(i -> SequentialLayer.preNorm(
                                parts.rmsNorm(i, "attn_norm"),
                                recurrent != null && shape.heads().keyValue()[i] == 0
                                        ? recurrent.mamba2(parts, i)
                                        : parts.attention(i, positions ? ropes.getFirst() : null, scores),
                                parts.rmsNorm(i, "ffn_norm"),
                                experts.layer(i))
                        .withResidualScale(residualScale)),
                new OutputHead(parts.rmsNorm("output_norm"), parts.output(), 1 / logitScale, 0));
    }

    /** A scale of 0 stands for none. */
    private static float scale(Hyperparameters p, String key, double absent) {
        float scale = p.numberOr(key, absent);
        return scale == 0 ? (float) absent : scale;
    }
}
