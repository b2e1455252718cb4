package org.llmspell.engine.layer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Activations: a float32 {@code [rows][columns]} buffer in native memory, one row per token of a forward pass. The memory
 * belongs to the arena it came from.
 */
public record Rows(MemorySegment data, int columns) {
    /** A zeroed buffer on a 64-byte boundary. */
    static Rows allocate(Arena arena, int rows, int columns) {
        return new Rows(arena.allocate((long) rows * columns * Float.BYTES, 64), columns);
    }

    /** The element at which a row starts. */
    public long at(int row) {
        return (long) row * columns;
    }

    /** Copies a row of {@code source}, which has as many columns. */
    void copyRow(int row, Rows source, int sourceRow) {
        long bytes = (long) columns * Float.BYTES;
        MemorySegment.copy(source.data, source.at(sourceRow) * Float.BYTES, data, at(row) * Float.BYTES, bytes);
    }
}
