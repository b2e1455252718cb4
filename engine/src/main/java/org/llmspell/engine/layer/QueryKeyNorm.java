package org.llmspell.engine.layer;

import java.util.List;
import org.llmspell.kernels.Kernels;

/**
 * Normalizes a token's queries, or its keys, piece by piece: each head by one norm that all share, each head by its own, or
 * all heads together as one piece.
 *
 * @param norms taken in turn, from the first again when they are used up
 * @param width elements of a piece, which divide the whole
 */
public record QueryKeyNorm(List<Norm> norms, int width) {
    /** One norm for every piece of {@code width} elements: a head, or the whole. */
    public QueryKeyNorm(Norm norm, int width) {
        this(List.of(norm), width);
    }

    /** Normalizes the first {@code count} elements of a row in place. */
    void apply(Kernels kernels, Rows rows, int row, int count) {
        for (int piece = 0; piece * width < count; piece++) {
            long index = rows.at(row) + (long) piece * width;
            norms.get(piece % norms.size()).normalize(kernels, rows.data(), index, rows.data(), index, width);
        }
    }
}
