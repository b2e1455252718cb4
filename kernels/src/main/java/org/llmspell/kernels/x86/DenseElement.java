package org.llmspell.kernels.x86;

/**
 * What dense panels of weights and the activations for them are made of. Code counts in <em>steps</em>, the elements that one
 * 32-bit lane takes at once: a pair of bfloat16, or one float32. Sixteen steps of a row of weights are a <em>line</em> of 64 bytes.
 */
enum DenseElement {
    /** Rounded to nearest, ties to even; sums are float32. Elements under 2⁻¹²⁶ count as zero. */
    BFLOAT16(2),
    FLOAT32(1);

    private static final int STEPS_OF_LINE = 16;

    private final int perStep;

    DenseElement(int perStep) {
        this.perStep = perStep;
    }

    /** Elements of a step. */
    int perStep() {
        return perStep;
    }

    /** Elements of a line: rows are filled up with zeros to a multiple of it. */
    int perLine() {
        return STEPS_OF_LINE * perStep;
    }

    /** Steps of {@code columns} elements, whole lines. */
    long steps(int columns) {
        return (long) Math.ceilDiv(columns, perLine()) * STEPS_OF_LINE;
    }
}
