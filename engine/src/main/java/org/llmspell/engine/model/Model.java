package org.llmspell.engine.model;

import java.util.List;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.engine.layer.Linear;
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

    /** Whether it goes on from a text; otherwise it only embeds texts, each of which it must see whole in one pass. */
    default boolean generates() {
        return true;
    }

    /**
     * How a text's embedding is made of its tokens' unless asked otherwise: {@code pooling_type} by llama.cpp's numbers (0
     * none, 1 mean, 2 first, 3 last, 4 rank); 0 where the file does not say.
     */
    int poolingType();

    /** What a pooled embedding goes through, first to last; mostly nothing. */
    default List<Linear> projections() {
        return List.of();
    }

    /**
     * Computes the batch of {@code pass} without logits: leaves the final normalized state of each of its tokens in {@code
     * memory.stream}.
     *
     * @return false if the pass was abandoned between layers
     */
    boolean embed(ForwardPass pass);

    /**
     * Computes the batch of {@code pass}: writes the keys and values of all its tokens to their sequences' caches, and the
     * wanted logits to the pass's memory.
     *
     * @throws UnsupportedOperationException if it does not {@link #generates generate}
     * @return false if the pass was abandoned between layers; caches and logits are then not to be used
     */
    boolean forward(ForwardPass pass);
}
