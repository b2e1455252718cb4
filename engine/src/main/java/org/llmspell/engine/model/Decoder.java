package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.layer.DecoderLayer;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.ParallelLayer;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Widths;

/**
 * The forward pass of a decoder: tokens enter the stream, each layer adds to it, logits leave it. An architecture's own file
 * says which blocks it is built from.
 *
 * @param shape the hyper-parameters
 * @param ropes every rotary table that the layers use, each in its own slot
 * @param layers first to last
 */
record Decoder(
        DecoderShape shape, List<RopeTable> ropes, InputEmbedding input, List<DecoderLayer> layers, OutputHead head)
        implements Model {

    @Override
    public boolean forward(ForwardPass pass) {
        if (!layers(pass)) {
            return false;
        }
        head.apply(pass);
        return true;
    }

    @Override
    public boolean embed(ForwardPass pass) {
        if (!layers(pass)) {
            return false;
        }
        head.norm().apply(pass, pass.memory.stream, pass.memory.stream);
        return true;
    }

    private boolean layers(ForwardPass pass) {
        ropes.forEach(pass::prepare);
        input.apply(pass);
        for (DecoderLayer layer : layers) {
            if (pass.abandoned()) {
                return false;
            }
            layer.apply(pass);
        }
        return true;
    }

    @Override
    public int poolingType() {
        return shape.poolingType();
    }

    @Override
    public int contextLength() {
        return shape.contextLength();
    }

    @Override
    public Widths widths() {
        int rotary = ropes.stream().mapToInt(RopeTable::dimensions).max().orElse(0);
        Widths.Recurrent recurrent = layers.stream()
                .map(layer -> layer.mixer().recurrentWidths())
                .reduce(Widths.Recurrent.NONE, Widths.Recurrent::or);
        boolean parallel = layers.stream().anyMatch(ParallelLayer.class::isInstance);
        return shape.widths(ropes.size(), rotary, parallel, recurrent);
    }

    @Override
    public KvLayout cacheLayout() {
        int context = shape.contextLength();
        List<KvLayout.Layer> kept =
                layers.stream().map(layer -> layer.mixer().kept(context)).toList();
        return new KvLayout(kept, shape.cacheLayout().precision());
    }

    @Override
    public int cacheVariant(int contextLength) {
        return ropes.stream()
                .mapToInt(rope -> rope.variant(contextLength))
                .max()
                .orElse(0);
    }
}
