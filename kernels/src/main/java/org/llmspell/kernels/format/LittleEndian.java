package org.llmspell.kernels.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Reads and writes the little-endian fields of a GGUF block at any byte offset, aligned or not. */
public final class LittleEndian {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private LittleEndian() {}

    /** An unsigned byte. */
    public static int u8(MemorySegment source, long offset) {
        return source.get(ValueLayout.JAVA_BYTE, offset) & 0xFF;
    }

    /** A signed byte. */
    public static int i8(MemorySegment source, long offset) {
        return source.get(ValueLayout.JAVA_BYTE, offset);
    }

    /** An unsigned 16-bit number. */
    public static int u16(MemorySegment source, long offset) {
        return source.get(SHORT, offset) & 0xFFFF;
    }

    /** 32 bits. */
    public static int i32(MemorySegment source, long offset) {
        return source.get(INT, offset);
    }

    /** 64 bits. */
    public static long i64(MemorySegment source, long offset) {
        return source.get(LONG, offset);
    }

    /** An IEEE half, widened exactly. */
    public static float half(MemorySegment source, long offset) {
        return Float.float16ToFloat(source.get(SHORT, offset));
    }

    /** A float32. */
    public static float f32(MemorySegment source, long offset) {
        return Float.intBitsToFloat(source.get(INT, offset));
    }

    /** A bfloat16, the upper half of a float32. */
    public static float bf16(MemorySegment source, long offset) {
        return Float.intBitsToFloat(source.get(SHORT, offset) << 16);
    }

    /** Writes the low 8 bits of {@code value}. */
    public static void put8(MemorySegment target, long offset, int value) {
        target.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
    }

    /** Writes the low 16 bits of {@code value}. */
    public static void put16(MemorySegment target, long offset, int value) {
        target.set(SHORT, offset, (short) value);
    }

    /** Writes 32 bits. */
    public static void put32(MemorySegment target, long offset, int value) {
        target.set(INT, offset, value);
    }
}
