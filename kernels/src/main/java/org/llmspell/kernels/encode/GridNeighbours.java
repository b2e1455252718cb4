package org.llmspell.kernels.encode;

import java.util.Arrays;
import org.llmspell.kernels.format.Grid;

/**
 * For every vector of four of the eight levels 1, 3 … 15 the entries of IQ3_S's codebook that are nearest to it: where a vector
 * is no entry itself, which of them serves best depends on the weights. Immutable.
 */
final class GridNeighbours {
    static final GridNeighbours IQ3_S = new GridNeighbours(Grid.IQ3_S);

    /** How many are looked at: those of the first few distances, of 512. */
    static final int COUNT = 12;

    private static final int VECTORS = 1 << 12;

    private final Grid grid;
    private final short[] nearest = new short[VECTORS * COUNT];

    private GridNeighbours(Grid grid) {
        this.grid = grid;
        int[] byDistance = new int[grid.entries()];
        for (int vector = 0; vector < VECTORS; vector++) {
            for (int entry = 0; entry < byDistance.length; entry++) {
                // Distance above, entry below: sorts by distance, then by number. There are 512 entries.
                byDistance[entry] = distance(vector, entry) << 9 | entry;
            }
            Arrays.sort(byDistance);
            for (int i = 0; i < COUNT; i++) {
                nearest[vector * COUNT + i] = (short) (byDistance[i] & 511);
            }
        }
    }

    private int distance(int vector, int entry) {
        int distance = 0;
        for (int j = 0; j < 4; j++) {
            int off = 2 * ((vector >> (3 * j)) & 7) + 1 - grid.at(entry, j);
            distance += off * off;
        }
        return distance;
    }

    /** Neighbour {@code i} of {@code vector}, the nearest first; {@code vector} has three bits for each element, the first lowest. */
    int at(int vector, int i) {
        return nearest[vector * COUNT + i];
    }

    /** Whether the nearest is the vector itself. */
    boolean isEntry(int vector) {
        return distance(vector, at(vector, 0)) == 0;
    }
}
