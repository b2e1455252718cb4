package org.llmspell.kernels.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntUnaryOperator;

/** Vectors that code reads, each 64 bytes at an address of its own that lasts as long as the program. */
final class Constants {
    private static final int BYTES = 64;

    private Constants() {}

    /** 64 bytes, the i-th being {@code value(i)}. */
    static long bytes(IntUnaryOperator value) {
        MemorySegment vector = allocate();
        for (int i = 0; i < BYTES; i++) {
            vector.set(ValueLayout.JAVA_BYTE, i, (byte) value.applyAsInt(i));
        }
        return vector.address();
    }

    /** 32 words of 16 bits. */
    static long words(IntUnaryOperator value) {
        MemorySegment vector = allocate();
        for (int i = 0; i < BYTES / 2; i++) {
            vector.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) value.applyAsInt(i));
        }
        return vector.address();
    }

    /** 16 words of 32 bits. */
    static long ints(IntUnaryOperator value) {
        MemorySegment vector = allocate();
        for (int i = 0; i < BYTES / 4; i++) {
            vector.setAtIndex(ValueLayout.JAVA_INT, i, value.applyAsInt(i));
        }
        return vector.address();
    }

    /** {@code bytes} bytes, as many as are wanted. */
    static long table(int bytes, IntUnaryOperator value) {
        MemorySegment table = Arena.global().allocate(bytes, BYTES);
        for (int i = 0; i < bytes; i++) {
            table.set(ValueLayout.JAVA_BYTE, i, (byte) value.applyAsInt(i));
        }
        return table.address();
    }

    /** {@code count} float32, as many as are wanted. */
    static long floats(int count, IntToFloat value) {
        MemorySegment floats = Arena.global().allocate((long) Float.BYTES * count, BYTES);
        for (int i = 0; i < count; i++) {
            floats.setAtIndex(ValueLayout.JAVA_FLOAT, i, value.apply(i));
        }
        return floats.address();
    }

    /** The value of an element. */
    @FunctionalInterface
    interface IntToFloat {
        float apply(int index);
    }

    private static MemorySegment allocate() {
        return Arena.global().allocate(BYTES, BYTES);
    }
}
