package org.llmspell.kernels.encode;

/**
 * The levels −limit … limit − 1.
 *
 * @param limit a power of two
 */
record IntegerLevels(int limit) implements SymmetricBlock.Levels {
    @Override
    public int nearest(float value) {
        return Scales.level(value, -limit, limit - 1);
    }

    @Override
    public int level(int q) {
        return q;
    }

    @Override
    public int lowest() {
        return -limit;
    }

    @Override
    public int highest() {
        return limit - 1;
    }
}
