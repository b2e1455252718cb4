package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.layer.DecoderLayer;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.Norm;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Widths;

/**
 * The forward pass of a model that only embeds: tokens enter the stream, each layer changes it, all tokens seeing each other, and
 * what leaves it is normalized. An architecture's own file says which blocks it is built from.
 *
 * @param ropes every rotary table that the layers use, each in its own slot
 * @param layers first to last
 * @param norm after the last layer
 * @param projections what a pooled embedding goes through
 */
record Encoder(
        DecoderShape shape,
        List<RopeTable> ropes,
        InputEmbedding input,
        List<DecoderLayer> layers,
        Norm norm,
        List<Linear> projections)
        implements Model {

    @Override
    public boolean generates() {
        return false;
    }

    @Override
    public int poolingType() {
        return shape.poolingType();
    }

    @Override
    public boolean embed(ForwardPass pass) {
        ropes.forEach(pass::prepare);
        input.apply(pass);
        for (DecoderLayer layer : layers) {
            if (pass.abandoned()) {
                return false;
            }
            layer.apply(pass);
        }
        norm.apply(pass, pass.memory.stream, pass.memory.stream);
        return true;
    }

    @Override
    public boolean forward(ForwardPass pass) {
        throw new UnsupportedOperationException("an encoder has no logits");
    }

    @Override
    public int contextLength() {
        return shape.contextLength();
    }

    @Override
    public Widths widths() {
        int rotary = ropes.stream().mapToInt(RopeTable::dimensions).max().orElse(0);
        return shape.widths(ropes.size(), rotary, false, Widths.Recurrent.NONE);
    }

    @Override
    public KvLayout cacheLayout() {
        return shape.cacheLayout();
    }

    @Override
    public int cacheVariant(int contextLength) {
        return 0;
    }
}
