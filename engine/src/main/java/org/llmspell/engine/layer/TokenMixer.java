package org.llmspell.engine.layer;

import org.llmspell.engine.cache.KvLayout;

/** The part of a decoder layer in which tokens see those before them. */
public sealed interface TokenMixer permits Attention, ShortConvolution, GatedDeltaNet {
    /** What the cache keeps for this layer in a model of {@code contextLength} tokens, which a longer window does not bound. */
    KvLayout.Layer kept(int contextLength);

    /** The activations that only recurrent layers need. */
    default Widths.Recurrent recurrentWidths() {
        return Widths.Recurrent.NONE;
    }

    /** Computes all rows of the pass; {@code out} may be {@code in}. */
    void apply(ForwardPass pass, Rows in, Rows out);
}
