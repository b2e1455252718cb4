package org.llmspell.engine.layer;

/** The part of a decoder layer that works on each token alone. */
public sealed interface FeedForward permits GatedMlp, PlainMlp, ExpertMlp, DenseAndExperts {
    /** Whether it needs memory for a second branch. */
    default boolean needsBranch() {
        return false;
    }

    /** Computes all rows of the pass; {@code out} may be {@code in}. */
    void apply(ForwardPass pass, Rows in, Rows out);
}
