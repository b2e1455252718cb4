package org.llmspell.engine.layer;

/** The part of a decoder layer that works on each token alone. */
public sealed interface FeedForward permits GatedMlp, PlainMlp, ExpertMlp {
    /** Computes all rows of the pass; {@code out} may be {@code in}. */
    void apply(ForwardPass pass, Rows in, Rows out);
}
