package org.llmspell.kernels.x86;

/**
 * How the activations of a token are laid out for a product: in groups, each a record, the records of all tokens for the same group
 * following each other. The layouts are {@link Quantization}'s.
 *
 * @param group activations of a record
 * @param bytes of a record
 * @param counted activations that {@link Quantization#GROUPS} counts
 * @param routine writes the records of one token
 */
record ActivationRecords(int group, int bytes, int counted, Routine routine) {
    /** 256 under one scale. */
    static ActivationRecords superGroups(Quantization.Order order) {
        return new ActivationRecords(256, Quantization.SUPER_RECORD, 256, Quantization.superGroups(order));
    }

    /** Four times 32 with a scale each; {@code offset} is {@link Quantization#quads}'s. */
    static ActivationRecords quads(int offset) {
        return new ActivationRecords(128, Quantization.QUAD_RECORD, 32, Quantization.quads(offset));
    }

    /** As they are. */
    static ActivationRecords floats() {
        return new ActivationRecords(FloatCode.GROUP, FloatCode.RECORD, FloatCode.GROUP, Quantization.floats());
    }

    /** {@link #superGroups} in plain order, for code in AVX2 and written by such. */
    static ActivationRecords avx2SuperGroups() {
        return new ActivationRecords(256, Quantization.SUPER_RECORD, 256, Avx2Quantization.superGroups());
    }

    /** {@link #quads} likewise. */
    static ActivationRecords avx2Quads(int offset) {
        return new ActivationRecords(128, Quantization.QUAD_RECORD, 32, Avx2Quantization.quads(offset));
    }

    /** {@link #floats} likewise. */
    static ActivationRecords avx2Floats() {
        return new ActivationRecords(FloatCode.GROUP, FloatCode.RECORD, FloatCode.GROUP, Avx2Quantization.floats());
    }

    /** Bytes of the records of {@code tokens} rows of {@code columns} activations, and of one that {@link Quantization#floats} writes too much. */
    long bytes(int columns, int tokens) {
        return (long) (columns / group + 1) * tokens * bytes;
    }
}
