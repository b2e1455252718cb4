package org.llmspell.kernels.vector;

/**
 * Splits the blocks of a quantized format into what the generic kernels work on: element = scale · quant − minimum, with one
 * signed byte per element and one float32 scale (and minimum, in formats that have one) per sub-block.
 */
@FunctionalInterface
interface Unpack {
    /**
     * Unpacks consecutive blocks.
     *
     * @param source address of the first block
     * @param quants receives a byte per element
     * @param scales receives a float32 per sub-block; may write up to eight further floats
     * @param minima receives a float32 per sub-block, in formats that have minima
     */
    void unpack(long source, int blocks, long quants, long scales, long minima);
}
