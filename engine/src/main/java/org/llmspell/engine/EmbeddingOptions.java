package org.llmspell.engine;

import org.jspecify.annotations.Nullable;

/**
 * How texts are embedded.
 *
 * @param pooling null for the model's own; of a model that names none, the mean of an encoder's tokens and the last token of any
 *     other
 * @param normalized whether embeddings have length 1, so that their dot product is their cosine similarity
 * @param truncated whether of a text beyond the context its beginning is embedded, instead of refusing it
 */
public record EmbeddingOptions(@Nullable Pooling pooling, boolean normalized, boolean truncated) {
    public static final EmbeddingOptions DEFAULTS = new EmbeddingOptions(null, true, false);
}
