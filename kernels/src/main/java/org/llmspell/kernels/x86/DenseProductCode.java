package org.llmspell.kernels.x86;

/**
 * What the code of dense products agrees on, whichever instructions it uses: a panel of 32 rows of weights, each row's elements
 * in order, times groups of 16 tokens in {@link DenseActivationCode}'s order, onto sums that wait in memory between one panel of
 * the rows and the next: {@code [group][row][token]} float32.
 */
final class DenseProductCode {
    /** Rows of a panel. Where fewer are there, the others' sums are of no use. */
    static final int ROWS = 32;

    /** Bytes of the sums of one group. */
    static final int GROUP_SUMS = ROWS * DenseActivationCode.TOKENS * Float.BYTES;

    /** Where the arguments stand in the block: the panel, bytes from one of its rows to the next. */
    static final int PANEL = 0;

    static final int PANEL_STRIDE = 8;
    /** The first group's activations, bytes to the next group's, and steps: a multiple of 16. */
    static final int X = 16;

    static final int X_STRIDE = 24;
    static final int STEPS = 32;
    /** How many times as many groups as the code takes at once. */
    static final int TIMES = 40;

    static final int SUMS = 48;
    /** Eights of rows that are there. */
    static final int OCTETS = 56;
    /** 1 if sums begin with this panel, 0 if they go on. */
    static final int FIRST = 64;
    /** 8 bytes for the code's own use. */
    static final int SCRATCH = 72;

    static final int ARGUMENT_BYTES = 128;

    private DenseProductCode() {}
}
