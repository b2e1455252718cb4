package org.llmspell.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Products of matrices with many tokens at once, in two steps: the activations are brought into a form of the product's own once,
 * and then serve all rows of all matrices that have this product and the same input. {@link Kernels#batchProduct} gives it; whoever
 * shares the rows out among threads shares the first step out too.
 *
 * <p>Stateless and thread-safe; a call works on the calling thread alone. All bounds are checked before memory is touched: what
 * lies outside its memory is an {@link IndexOutOfBoundsException}; memory on the heap or closed, and numbers that mean nothing,
 * are an {@link IllegalArgumentException}. Indices and strides are in float32 elements.
 */
public interface BatchProduct {
    /** Tokens that are prepared together: shares of the first step begin at multiples of this. */
    int tokensTogether();

    /** Bytes of the prepared activations of {@code tokens} tokens, {@code columns} elements each. */
    long preparedBytes(int columns, int tokens);

    /**
     * Prepares tokens {@code tokenFrom ≤ t < tokenTo} of {@code tokens}, each {@code columns} float32.
     *
     * @param x activations in native memory; {@code xIndex} is the first element of token 0, {@code xStride} that of a token to
     *     that of the next
     * @param tokenFrom a multiple of {@link #tokensTogether}, as {@code tokenTo} is unless it is {@code tokens}
     * @param prepared native memory on a 64-byte boundary, of {@link #preparedBytes} bytes or more, which keeps what other shares
     *     have put there
     * @throws IndexOutOfBoundsException if the tokens are no such share, or something lies outside its memory
     * @throws IllegalArgumentException if {@code columns} is less than 1 or nothing that weights of this product have
     */
    void prepare(
            MemorySegment x,
            long xIndex,
            long xStride,
            int columns,
            int tokens,
            int tokenFrom,
            int tokenTo,
            MemorySegment prepared);

    /**
     * {@code out[t·outStride + r] = Σ_k weights[r][k] · x[t][k]} for rows {@code rowFrom ≤ r < rowTo} and all tokens.
     *
     * @param weights a matrix for which {@link Kernels#batchProduct} gave this product
     * @param prepared what {@link #prepare} made of all {@code tokens}
     * @param out native memory; {@code outIndex} is the element of token 0, row 0, {@code outStride} from that of a token to that of
     *     the next
     * @throws IndexOutOfBoundsException if there are no such rows, or something lies outside its memory
     * @throws IllegalArgumentException if this is not the product of the weights' format, where activations depend on it
     */
    void multiply(
            WeightMatrix weights,
            int rowFrom,
            int rowTo,
            MemorySegment prepared,
            int tokens,
            MemorySegment out,
            long outIndex,
            long outStride);
}
