package org.llmspell.kernels.format;

import java.lang.foreign.MemorySegment;

/**
 * Turns the blocks of one format into float32 values, bit for bit as ggml does: float32 arithmetic in ggml's order, no fused
 * multiply-add. Stateless; the caller has checked all bounds.
 */
@FunctionalInterface
public interface Codec {
    /**
     * Decodes {@code blocks} consecutive blocks.
     *
     * @param source holds the blocks
     * @param offset byte of the first block
     * @param out receives the elements in order, from index {@code at}
     */
    void decode(MemorySegment source, long offset, int blocks, float[] out, int at);
}
