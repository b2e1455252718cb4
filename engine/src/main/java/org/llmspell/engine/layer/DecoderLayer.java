package org.llmspell.engine.layer;

/** One layer of a model: adds what its parts compute to the stream. */
public sealed interface DecoderLayer permits SequentialLayer, ParallelLayer, ResidualNormLayer {
    /** The part in which tokens see those before them. */
    TokenMixer mixer();

    /** Works on the stream of the pass in place. */
    void apply(ForwardPass pass);
}
