package org.llmspell.engine.layer;

/** The part of a decoder layer in which tokens see those before them. */
public sealed interface TokenMixer permits Attention {
    /** Computes all rows of the pass; {@code out} may be {@code in}. */
    void apply(ForwardPass pass, Rows in, Rows out);
}
