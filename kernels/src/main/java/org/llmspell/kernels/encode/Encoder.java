package org.llmspell.kernels.encode;

import java.lang.foreign.MemorySegment;

/**
 * Turns float32 values into blocks of one format. The same values give the same bytes on every machine and thread. Stateless;
 * the caller has checked all bounds.
 *
 * <p>F32, F16 and BF16 take any value. The others take finite ones: with NaN or infinity the block's content is unspecified,
 * so callers check first. Scales that a half cannot hold become its largest number (values beyond are cut off) or zero.
 */
@FunctionalInterface
public interface Encoder {
    /**
     * Encodes {@code blocks} consecutive blocks.
     *
     * @param values holds the elements in order, from index {@code at}
     * @param target receives the blocks from byte {@code offset}
     */
    void encode(float[] values, int at, int blocks, MemorySegment target, long offset);
}
