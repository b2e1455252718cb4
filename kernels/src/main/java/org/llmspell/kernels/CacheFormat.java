package org.llmspell.kernels;

/** How the elements of a cached key or value head are stored. */
public enum CacheFormat {
    /** IEEE halves. */
    HALF,
    /**
     * Signed bytes with a scale: for each {@link #BLOCK} elements of a head, and for what remains of it, a half and then a byte per
     * element, which is worth {@code scale · byte}. Where heads are whole blocks that is GGUF's Q8_0.
     */
    BYTES;

    /** Elements that share a scale in {@link #BYTES}. */
    public static final int BLOCK = 32;

    /** Bytes of a head of {@code dimension} elements. */
    public long bytes(int dimension) {
        return this == HALF
                ? (long) Short.BYTES * dimension
                : dimension + (long) Short.BYTES * Math.ceilDiv(dimension, BLOCK);
    }
}
