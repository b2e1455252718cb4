package org.llmspell.kernels.encode;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.format.Grid;
import org.llmspell.kernels.format.LittleEndian;

/**
 * IQ3_S: groups of four sizes, each an entry of a codebook, signs beside them, a four-bit scale for each 32 elements. As for the
 * other formats scales are tried around the one that spans the sub-block; each gives entries, and for those the best scale by
 * least squares, weighted by the square of each element and some of their mean square.
 */
final class GridEncoders {
    private static final int ELEMENTS = 256;
    private static final int WIDTH = 32;
    private static final int SUBS = ELEMENTS / WIDTH;
    private static final int GROUPS = WIDTH / 4;
    private static final int LARGEST_LEVEL = 15;

    /** The scale of a sub-block is d times an odd number up to this. */
    private static final int LARGEST_SCALE = 31;

    private static final int TRIES = 9;
    private static final float STEP = 0.2f;
    private static final float EVENNESS = 0.1f;

    private final Grid grid = Grid.IQ3_S;
    private final GridNeighbours neighbours = GridNeighbours.IQ3_S;
    private final float[] x = new float[ELEMENTS];
    private final float[] weights = new float[ELEMENTS];
    private final float[] scales = new float[SUBS];
    private final int[] entries = new int[GROUPS];

    private GridEncoders() {}

    /** Bytes: d, qs[64], qh[8] of the indices' ninth bits, signs[32], scales[4] of two nibbles. */
    static void iq3s(float[] values, int at, int blocks, MemorySegment target, long offset) {
        GridEncoders encoder = new GridEncoders();
        for (int b = 0; b < blocks; b++, at += ELEMENTS, offset += 110) {
            encoder.block(values, at, target, offset);
        }
    }

    private void block(float[] values, int at, MemorySegment target, long offset) {
        float unit = Scales.normalise(values, at, ELEMENTS, x);
        for (int i = 0; i < ELEMENTS; i += 8) {
            int signs = 0;
            for (int j = 0; j < 8; j++) {
                signs |= (x[i + j] < 0 ? 1 : 0) << j;
                x[i + j] = Math.abs(x[i + j]);
            }
            LittleEndian.put8(target, offset + 74 + (i >> 3), signs);
        }
        float most = 0;
        for (int sub = 0; sub < SUBS; sub++) {
            weigh(sub * WIDTH);
            scales[sub] = scale(sub * WIDTH);
            most = Math.max(most, scales[sub]);
        }
        short d = Scales.half(most / LARGEST_SCALE * unit);
        LittleEndian.put16(target, offset, d);
        float stored = Float.float16ToFloat(d) / unit;
        int nibbles = 0;
        for (int sub = 0; sub < SUBS; sub++) {
            int code = stored == 0 ? 0 : Scales.level((scales[sub] / stored - 1) / 2, 0, 15);
            nibbles |= code << (4 * (sub & 1));
            if ((sub & 1) == 1) {
                LittleEndian.put8(target, offset + 106 + (sub >> 1), nibbles);
                nibbles = 0;
            }
            // What the decoder will see, so that rounding the scales costs as little as it can.
            choose(sub * WIDTH, stored * (2 * code + 1));
            int ninth = 0;
            for (int group = 0; group < GROUPS; group++) {
                LittleEndian.put8(target, offset + 2 + sub * 8L + group, entries[group]);
                ninth |= (entries[group] >> 8) << group;
            }
            LittleEndian.put8(target, offset + 66 + sub, ninth);
        }
    }

    private void weigh(int from) {
        float squares = 0;
        for (int i = from; i < from + WIDTH; i++) {
            squares += x[i] * x[i];
        }
        for (int i = from; i < from + WIDTH; i++) {
            weights[i] = EVENNESS * squares / WIDTH + x[i] * x[i];
        }
    }

    private float scale(int from) {
        float largest = Scales.largest(x, from, WIDTH);
        if (largest == 0) {
            return 0;
        }
        float best = 0;
        float scale = 0;
        for (int k = -TRIES; k <= TRIES; k++) {
            choose(from, largest / (LARGEST_LEVEL + STEP * k));
            float sumXq = 0;
            float sumQq = 0;
            for (int i = 0; i < WIDTH; i++) {
                float level = grid.at(entries[i >> 2], i & 3);
                sumXq += weights[from + i] * x[from + i] * level;
                sumQq += weights[from + i] * level * level;
            }
            if (sumXq * sumXq > best * sumQq) {
                scale = sumXq / sumQq;
                best = scale * sumXq;
            }
        }
        return scale;
    }

    /** Sets the entry of each group that is best under {@code scale}. */
    private void choose(int from, float scale) {
        for (int group = 0; group < GROUPS; group++) {
            int at = from + 4 * group;
            int vector = 0;
            for (int j = 0; j < 4; j++) {
                int code = scale == 0 ? 0 : Scales.level((x[at + j] / scale - 1) / 2, 0, 7);
                vector |= code << (3 * j);
            }
            entries[group] = neighbours.isEntry(vector) ? neighbours.at(vector, 0) : nearest(vector, at, scale);
        }
    }

    private int nearest(int vector, int at, float scale) {
        float least = Float.POSITIVE_INFINITY;
        int best = neighbours.at(vector, 0);
        for (int i = 0; i < GridNeighbours.COUNT; i++) {
            int entry = neighbours.at(vector, i);
            float error = 0;
            for (int j = 0; j < 4; j++) {
                float off = scale * grid.at(entry, j) - x[at + j];
                error += weights[at + j] * off * off;
            }
            if (error < least) {
                least = error;
                best = entry;
            }
        }
        return best;
    }
}
