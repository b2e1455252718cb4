package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.QueryKeyNorm;
import org.llmspell.engine.layer.RmsNorm;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Router.Gating;
import org.llmspell.engine.layer.Scores;
import org.llmspell.engine.layer.Scores.Temperature;
import org.llmspell.engine.layer.SequentialLayer;

/**
 * {@code llama4}: Llama 4's text part. Three layers of four see their own piece of 8192 positions, rotate neighbours and then
 * normalize query and key heads without weights; the fourth sees everything, has no positions, and sharpens its scores along
 * the context. Experts on every layer or every other, weighed where they begin, and a shared one (Meta 2025).
 */
final class Llama4Model {
    /** Layers from one that sees everything to the next. */
    private static final int PERIOD = 4;

    /** Positions of a piece, and between two temperatures. */
    private static final int PIECE = 8192;

    /** Maverick has so many experts, and it alone goes without norms of query and key. */
    private static final int EXPERTS_WITHOUT_NORMS = 128;

    private Llama4Model() {}

    static Model load(ModelSource source) {
        DecoderParts parts = DecoderParts.read(source);
        ExpertReader experts = new ExpertReader(parts, Activation.SILU, Gating.SIGMOID, false).weighingInputs();
        RopeTable rope = parts.ropeOfNeighbours();
        int dimension = parts.shape().heads().keyDimension();
        QueryKeyNorm norm = new QueryKeyNorm(
                new RmsNorm(
                        source.tensors().constant(dimension, 1), parts.shape().epsilon()),
                dimension);
        Attention.Norms norms = parts.shape().experts() == EXPERTS_WITHOUT_NORMS
                ? null
                : new Attention.Norms(norm, norm, null, Attention.Order.AFTER_ROTATION);
        Scores pieces = parts.scores().withChunks(PIECE);
        Scores all = parts.scores().withTemperature(new Temperature(0.1f, PIECE, 1));
        return parts.decoder(
                List.of(rope),
                i -> SequentialLayer.preNorm(
                        parts.rmsNorm(i, "attn_norm"),
                        i % PERIOD == PERIOD - 1
                                ? parts.attention(i, null, all)
                                : parts.attention(i, norms, rope, pieces),
                        parts.rmsNorm(i, "ffn_norm"),
                        experts.layer(i)));
    }
}
