package org.llmspell.local;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What texts were embedded as.
 *
 * @param texts by text, in the order asked: one vector, or with {@code Pooling.NONE} one for each of its tokens
 * @param promptTokens tokens of all texts together; null where the backend does not say
 */
public record Embeddings(List<float[][]> texts, @Nullable Integer promptTokens) {
    public Embeddings {
        texts = List.copyOf(texts);
    }

    /** One vector a text: its only one, or its first token's. */
    public List<float[]> vectors() {
        return texts.stream().map(vectors -> vectors[0]).toList();
    }

    /** The cosine of the angle between two vectors of the same length: 1 for the same direction; 0 if one of them is all zeros. */
    public static double similarity(float[] left, float[] right) {
        double product = 0;
        double leftSquares = 0;
        double rightSquares = 0;
        for (int i = 0; i < left.length; i++) {
            product += (double) left[i] * right[i];
            leftSquares += (double) left[i] * left[i];
            rightSquares += (double) right[i] * right[i];
        }
        double lengths = Math.sqrt(leftSquares * rightSquares);
        return lengths == 0 ? 0 : product / lengths;
    }
}
