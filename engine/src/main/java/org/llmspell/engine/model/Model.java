package org.llmspell.engine.model;

import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.engine.layer.Widths;

/**
 * A loaded model: its weights, in place in a mapped file, and how to compute with them. Immutable and thread-safe; all state
 * of sequences and passes is elsewhere. Valid until the file is closed.
 */
public interface Model {
    /** Tokens of context that the model was trained for. */
    int contextLength();

    /** How wide its activations are. */
    Widths widths();

    /** How its keys and values are cached. */
    KvLayout cacheLayout();

    /** Names what else than tokens decides the cached keys, for a sequence of that context length; 0 or more. */
    int cacheVariant(int contextLength);

    /**
     * Computes the batch of {@code pass}: writes the keys and values of all its tokens to their sequences' caches, and the
     * wanted logits to the pass's memory.
     *
     * @return false if the pass was abandoned between layers; caches and logits are then not to be used
     */
    boolean forward(ForwardPass pass);
}
