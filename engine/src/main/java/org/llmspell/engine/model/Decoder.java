package org.llmspell.engine.model;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.FeedForward;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.engine.layer.RmsNorm;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Rows;
import org.llmspell.engine.layer.Widths;
import org.llmspell.kernels.WeightMatrix;

/**
 * The forward pass of the usual decoder: attention and feed-forward in turn, each on the normalized stream and added back to
 * it. An architecture's own file says which tensors and numbers fill it; one with another order of steps implements
 * {@link Model} itself.
 *
 * @param shape the hyper-parameters
 * @param ropes every rotary table that the layers use, each in its own slot; at least one
 * @param embedding {@code [vocabulary][n]}
 * @param embeddingScale multiplies the embeddings
 * @param layers first to last
 * @param residualScale multiplies what a layer adds to the stream
 * @param outputNorm {@code [n]}
 * @param output {@code [vocabulary][n]}, often the embedding itself
 * @param logitScale multiplies the logits
 * @param logitCap bounds the logits, or 0
 */
record Decoder(
        DecoderShape shape,
        List<RopeTable> ropes,
        WeightMatrix embedding,
        float embeddingScale,
        List<Layer> layers,
        float residualScale,
        RmsNorm outputNorm,
        WeightMatrix output,
        float logitScale,
        float logitCap)
        implements Model {

    /** One layer; norms after attention and feed-forward are null where an architecture has none. */
    record Layer(
            RmsNorm attentionNorm,
            Attention attention,
            @Nullable RmsNorm attentionPostNorm,
            RmsNorm feedForwardNorm,
            FeedForward feedForward,
            @Nullable RmsNorm feedForwardPostNorm) {}

    @Override
    public boolean forward(ForwardPass pass) {
        Rows x = pass.memory.stream;
        Rows h = pass.memory.normed;
        ropes.forEach(pass::prepare);
        pass.embed(embedding, embeddingScale);
        for (Layer layer : layers) {
            if (pass.abandoned()) {
                return false;
            }
            layer.attentionNorm.apply(pass, x, h);
            layer.attention.apply(pass, h, h);
            if (layer.attentionPostNorm != null) {
                layer.attentionPostNorm.apply(pass, h, h);
            }
            pass.add(h, residualScale);

            layer.feedForwardNorm.apply(pass, x, h);
            layer.feedForward.apply(pass, h, h);
            if (layer.feedForwardPostNorm != null) {
                layer.feedForwardPostNorm.apply(pass, h, h);
            }
            pass.add(h, residualScale);
        }
        pass.logits(outputNorm, output, logitScale, logitCap);
        return true;
    }

    @Override
    public int contextLength() {
        return shape.contextLength();
    }

    @Override
    public Widths widths() {
        return shape.widths(ropes.size(), ropes.getFirst().dimensions());
    }

    @Override
    public KvLayout cacheLayout() {
        int context = shape.contextLength();
        List<KvLayout.Layer> kept =
                layers.stream().map(layer -> layer.attention.kept(context)).toList();
        return new KvLayout(kept, shape.cacheLayout().precision());
    }

    @Override
    public int cacheVariant(int contextLength) {
        return ropes.getFirst().variant(contextLength);
    }
}
