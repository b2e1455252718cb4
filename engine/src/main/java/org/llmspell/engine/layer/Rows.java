package org.llmspell.engine.layer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

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

    float get(int row, int column) {
        return data.getAtIndex(ValueLayout.JAVA_FLOAT, at(row) + column);
    }

    void set(int row, int column, float value) {
        data.setAtIndex(ValueLayout.JAVA_FLOAT, at(row) + column, value);
    }

    /** Sets a row to zeros. */
    void clearRow(int row) {
        data.asSlice(at(row) * Float.BYTES, (long) columns * Float.BYTES).fill((byte) 0);
    }

    /** The same rows from a column on: the elements before it are only skipped. */
    Rows from(int column) {
        return new Rows(data.asSlice((long) column * Float.BYTES), columns);
    }

    /** Multiplies a row by {@code factor}. */
    void scale(int row, float factor) {
        if (factor == 1) {
            return;
        }
        for (long i = at(row); i < at(row + 1); i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, data.getAtIndex(ValueLayout.JAVA_FLOAT, i) * factor);
        }
    }

    /** Cuts the elements of a row off at ±{@code bound}. */
    void clamp(int row, float bound) {
        for (long i = at(row); i < at(row + 1); i++) {
            float value = data.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, Math.clamp(value, -bound, bound));
        }
    }

    /** Copies a row of {@code source}, which has as many columns. */
    void copyRow(int row, Rows source, int sourceRow) {
        long bytes = (long) columns * Float.BYTES;
        MemorySegment.copy(source.data, source.at(sourceRow) * Float.BYTES, data, at(row) * Float.BYTES, bytes);
    }
}
