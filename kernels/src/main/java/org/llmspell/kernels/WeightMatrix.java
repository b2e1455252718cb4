package org.llmspell.kernels;

import java.lang.foreign.MemorySegment;
import org.llmspell.gguf.BlockFormat;

/**
 * A matrix of weights as stored in a file: {@code rows} rows of {@code columns} elements, row after row, in blocks of
 * {@code format}. The memory belongs to whoever mapped it.
 *
 * @param data at least {@code rows · format.bytes(columns)} bytes, the first row at offset 0
 */
public record WeightMatrix(BlockFormat format, int rows, int columns, MemorySegment data) {
    public WeightMatrix {
        long needed = Math.multiplyExact(format.bytes(columns), rows);
        if (rows < 0 || data.byteSize() < needed) {
            throw new IndexOutOfBoundsException("%d rows of %d %s need %d bytes, there are %d"
                    .formatted(rows, columns, format, needed, data.byteSize()));
        }
    }

    /** Bytes from one row to the next. */
    public long rowBytes() {
        return format.bytes(columns);
    }
}
