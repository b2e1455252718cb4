package org.llmspell.kernels.x86;

/**
 * Which lanes an instruction writes.
 *
 * @param number of the mask register, 1 to 7; 0 writes all lanes
 * @param zeroing the other lanes become zero rather than keep their value
 */
record Mask(int number, boolean zeroing) {
    static final Mask NONE = new Mask(0, false);

    /** The other lanes keep their value. */
    static Mask merging(int number) {
        return new Mask(number, false);
    }

    static Mask zeroing(int number) {
        return new Mask(number, true);
    }
}
