package org.llmspell.gguf;

import java.util.Optional;

/**
 * How a tensor's elements are stored: the ggml tensor types of 2026, each a block of {@link #blockElements} elements in
 * {@link #blockBytes} bytes. The identifiers are those in a GGUF file; 4, 5, 31 to 33 and 36 to 38 were removed by ggml.
 * Source: ggml.h and ggml-common.h of llama.cpp, August 2026.
 */
public enum BlockFormat {
    F32(0, 1, 4),
    F16(1, 1, 2),
    Q4_0(2, 32, 18),
    Q4_1(3, 32, 20),
    Q5_0(6, 32, 22),
    Q5_1(7, 32, 24),
    Q8_0(8, 32, 34),
    Q8_1(9, 32, 36),
    Q2_K(10, 256, 84),
    Q3_K(11, 256, 110),
    Q4_K(12, 256, 144),
    Q5_K(13, 256, 176),
    Q6_K(14, 256, 210),
    Q8_K(15, 256, 292),
    IQ2_XXS(16, 256, 66),
    IQ2_XS(17, 256, 74),
    IQ3_XXS(18, 256, 98),
    IQ1_S(19, 256, 50),
    IQ4_NL(20, 32, 18),
    IQ3_S(21, 256, 110),
    IQ2_S(22, 256, 82),
    IQ4_XS(23, 256, 136),
    I8(24, 1, 1),
    I16(25, 1, 2),
    I32(26, 1, 4),
    I64(27, 1, 8),
    F64(28, 1, 8),
    IQ1_M(29, 256, 56),
    BF16(30, 1, 2),
    TQ1_0(34, 256, 54),
    TQ2_0(35, 256, 66),
    MXFP4(39, 32, 17),
    NVFP4(40, 64, 36),
    Q1_0(41, 128, 18),
    Q2_0(42, 64, 18);

    private static final BlockFormat[] BY_ID = new BlockFormat[43];

    static {
        for (BlockFormat format : values()) {
            BY_ID[format.id] = format;
        }
    }

    private final int id;
    private final int blockElements;
    private final int blockBytes;

    BlockFormat(int id, int blockElements, int blockBytes) {
        this.id = id;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /** The ggml type number, as a GGUF file stores it. */
    public int id() {
        return id;
    }

    /** Elements in one block; a row's length is a multiple of it. */
    public int blockElements() {
        return blockElements;
    }

    /** Bytes of one block. */
    public int blockBytes() {
        return blockBytes;
    }

    /**
     * Bytes of {@code elements} consecutive elements.
     *
     * @throws ArithmeticException if the size does not fit a {@code long}
     * @throws IllegalArgumentException if {@code elements} is negative or not a whole number of blocks
     */
    public long bytes(long elements) {
        if (elements < 0 || elements % blockElements != 0) {
            throw new IllegalArgumentException(elements + " elements are not a whole number of " + this + " blocks");
        }
        return Math.multiplyExact(elements / blockElements, blockBytes);
    }

    /** The format with ggml type number {@code id}, if it is a current one. */
    public static Optional<BlockFormat> fromId(int id) {
        return id < 0 || id >= BY_ID.length ? Optional.empty() : Optional.ofNullable(BY_ID[id]);
    }
}
