package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code granite} (Granite 3 and dense 4) and {@code minicpm}: Llama's layers with scales on the embeddings, the attention scores,
 * what a layer adds, and (dividing) the logits (Hu et al. 2024, IBM 2024). Old files of MiniCPM lack the scales; their
 * defaults are llama.cpp's. Granite 4 has no positions at all where the file says so.
 */
final class GraniteModel {
    private GraniteModel() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        Hyperparameters p = source.parameters();
        DecoderShape shape = parts.shape();
        boolean miniCpm = parts.architecture().equals("minicpm");
        float embeddingScale = scale(p, "embedding_scale", miniCpm ? 12 : 1);
        float residualScale = scale(p, "residual_scale", miniCpm ? 1.4 / Math.sqrt(shape.layers()) : 1);
        float logitScale = scale(p, "logit_scale", miniCpm ? 256.0 / shape.embedding() : 1);
        double keys = shape.heads().keyDimension();
        Scores scores = new Scores(scale(p, "attention.scale", 1 / Math.sqrt(keys)));
        boolean positions = miniCpm || p.flag("rope.scaling.finetuned", true);
        List<RopeTable> ropes = positions ? List.of(parts.ropeOfNeighbours()) : List.of();
        return new Decoder(
                shape,
                ropes,
                new InputEmbedding(parts.embedding(), embeddingScale, null),
                parts.layers(i -> SequentialLayer.preNorm(
                                parts.rmsNorm(i, "attn_norm"),
                                parts.attention(i, positions ? ropes.getFirst() : null, scores),
                                parts.rmsNorm(i, "ffn_norm"),
                                parts.gated(i, Activation.SILU))
                        .withResidualScale(residualScale)),
                new OutputHead(parts.rmsNorm("output_norm"), parts.output(), 1 / logitScale, 0));
    }

    /** A scale of 0 stands for none. */
    private static float scale(Hyperparameters p, String key, double absent) {
        float scale = p.numberOr(key, absent);
        return scale == 0 ? (float) absent : scale;
    }
}
