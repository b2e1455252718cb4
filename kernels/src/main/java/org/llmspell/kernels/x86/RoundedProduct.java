package org.llmspell.kernels.x86;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.BatchProduct;
import org.llmspell.kernels.Bounds;
import org.llmspell.kernels.NativeMemory;
import org.llmspell.kernels.WeightMatrix;

/**
 * Products of quantized weights with many tokens whose activations are rounded to 8 bits: the checks before {@link PanelProducts}.
 *
 * @param records how activations are rounded
 */
record RoundedProduct(RoundedRecords records, PanelProducts panels) implements BatchProduct {
    @Override
    public int tokensTogether() {
        return 1;
    }

    @Override
    public long preparedBytes(int columns, int tokens) {
        return PanelProducts.roundedBytes(records, columns, tokens);
    }

    @Override
    public void prepare(
            MemorySegment x,
            long xIndex,
            long xStride,
            int columns,
            int tokens,
            int tokenFrom,
            int tokenTo,
            MemorySegment prepared) {
        Bounds.prepare(this, x, xIndex, xStride, columns, tokens, tokenFrom, tokenTo, prepared);
        if (columns % records.multiple() != 0) {
            throw new IllegalArgumentException(
                    "%d columns are no multiple of %d".formatted(columns, records.multiple()));
        }
        panels.round(
                records,
                x.address() + Float.BYTES * xIndex,
                Float.BYTES * xStride,
                columns,
                tokens,
                tokenFrom,
                tokenTo,
                prepared.address());
        NativeMemory.keep(x, prepared, prepared);
    }

    @Override
    public void multiply(
            WeightMatrix weights,
            int rowFrom,
            int rowTo,
            MemorySegment prepared,
            int tokens,
            MemorySegment out,
            long outIndex,
            long outStride) {
        Bounds.multiply(this, weights, rowFrom, rowTo, prepared, tokens, out, outIndex, outStride);
        if (PanelProducts.records(weights.format()) != records) {
            throw new IllegalArgumentException("this product is not that of " + weights.format());
        }
        if (tokens == 0 || rowFrom == rowTo) {
            return;
        }
        panels.multiply(
                weights,
                rowFrom,
                rowTo,
                prepared.address(),
                (long) tokens * records.bytes(),
                tokens,
                out.address() + Float.BYTES * outIndex,
                Float.BYTES * outStride);
        NativeMemory.keep(weights.data(), prepared, out);
    }
}
