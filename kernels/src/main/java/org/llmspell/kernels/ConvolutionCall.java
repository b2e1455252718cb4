package org.llmspell.kernels;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A causal convolution of each channel by itself, over consecutive tokens of one sequence and in place:
 * {@code x[t][c] = bias[c] + Σ_j weights[j][c] · x[t − taps + 1 + j][c]}, where the tokens before the first are in {@code before}.
 * Elements are float32.
 *
 * @param tokens rows of x
 * @param channels columns of x
 * @param taps tokens that a result depends on, its own included
 * @param x {@code [tokens]} rows, {@code stride} elements apart, the first at element {@code index}
 * @param weights {@code [taps][channels]}, the newest token's last
 * @param bias {@code [channels]} or null
 * @param before {@code [taps − 1][channels]}, the oldest first; not written
 * @param after receives the last inputs in the same form; shares no memory with {@code before}
 * @param kept null, or receives the inputs before token {@code keptTokens} in the same form
 * @param keptTokens from 0 to {@code tokens}
 */
public record ConvolutionCall(
        int tokens,
        int channels,
        int taps,
        MemorySegment x,
        long index,
        long stride,
        MemorySegment weights,
        @Nullable MemorySegment bias,
        MemorySegment before,
        MemorySegment after,
        @Nullable MemorySegment kept,
        int keptTokens) {
    /** The element of row {@code token}, channel 0. */
    public long at(int token) {
        return index + token * stride;
    }
}
