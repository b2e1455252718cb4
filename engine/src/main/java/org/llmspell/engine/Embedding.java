package org.llmspell.engine;

/**
 * What a text was embedded as.
 *
 * @param tokens tokens of the text, those included that the model expects around it
 * @param vectors one; with {@link Pooling#NONE} one for each token
 */
@SuppressWarnings("ArrayRecordComponent") // a result, never compared
public record Embedding(int tokens, float[][] vectors) {
    /** The text's vector. */
    public float[] vector() {
        return vectors[0];
    }
}
