package org.llmspell.engine.schedule;

/** Work on one model that the {@link Scheduler} does pass by pass. */
public sealed interface Steps permits Batcher, Embedder {
    /** Does one pass, if there is anything to do; whether there was. */
    boolean step();
}
