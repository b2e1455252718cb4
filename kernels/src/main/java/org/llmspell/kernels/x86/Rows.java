package org.llmspell.kernels.x86;

/**
 * The operations of {@link org.llmspell.kernels.Kernels} on single rows, in assembled code. Arguments are addresses of float32 unless they
 * say otherwise, and must be checked before. Thread-safe.
 */
interface Rows {
    /** {@code Σ x · y}. */
    float dot(long x, long y, int count);

    void add(long x, long y, int count);

    void addScaled(long x, long y, float scale, int count);

    /** {@code x += y · z}. */
    void addProduct(long x, long y, long z, int count);

    void multiply(long x, long y, int count);

    void rotateHalves(long x, long cos, long sin, int pairs);

    void rotateNeighbours(long x, long cos, long sin, int pairs);

    void toHalf(long x, long halves, int count);

    void toBytes(long x, long bytes, int count);

    void rmsNorm(long out, long x, long weight, int count, float epsilon);

    /** Weights and bias are 0 for none. */
    void layerNorm(long out, long x, long weight, long bias, int count, float epsilon);

    void softmax(long x, int count);

    void silu(long x, int count);

    void siluMultiply(long gate, long up, int count);

    void sigmoidMultiply(long gate, long up, int count);

    void gelu(long x, int count);

    void geluMultiply(long gate, long up, int count);

    void reluSquared(long x, int count);

    void xielu(long x, int count, float negative, float positive, float beta, float epsilon);

    void clampedSiluMultiply(long gate, long up, int count, float alpha, float limit);
}
