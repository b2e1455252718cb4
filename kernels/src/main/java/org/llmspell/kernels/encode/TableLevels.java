package org.llmspell.kernels.encode;

import org.llmspell.kernels.format.TableBlocks;

/** The sixteen levels of IQ4_NL and IQ4_XS, unevenly spaced. */
final class TableLevels implements SymmetricBlock.Levels {
    private static final int FINEST = 2;

    private final byte[] levels = TableBlocks.nonlinearLevels();

    /** The nearest level for each half between the lowest and the highest: where one level gives way to the next is a half. */
    private final byte[] nearest;

    TableLevels() {
        int last = levels.length - 1;
        nearest = new byte[FINEST * (levels[last] - levels[0]) + 1];
        int q = 0;
        for (int i = 0; i < nearest.length; i++) {
            // In halves above the lowest level; the middle between two levels goes to the upper one.
            while (q < last && i >= levels[q] + levels[q + 1] - FINEST * levels[0]) {
                q++;
            }
            nearest[i] = (byte) q;
        }
    }

    @Override
    public int nearest(float value) {
        float inside = Math.max(levels[0], Math.min(levels[levels.length - 1], value));
        return nearest[(int) (FINEST * (inside - levels[0]))];
    }

    @Override
    public int level(int q) {
        return levels[q];
    }

    @Override
    public int lowest() {
        return levels[0];
    }

    @Override
    public int highest() {
        return levels[levels.length - 1];
    }
}
