package org.llmspell.kernels.encode;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.format.LittleEndian;

/** The formats without blocks, rounded to nearest even; NaN stays NaN and what is too large becomes infinite. */
final class PlainEncoders {
    private PlainEncoders() {}

    static void f32(float[] values, int at, int blocks, MemorySegment target, long offset) {
        for (int i = 0; i < blocks; i++) {
            LittleEndian.put32(target, offset + 4L * i, Float.floatToRawIntBits(values[at + i]));
        }
    }

    static void f16(float[] values, int at, int blocks, MemorySegment target, long offset) {
        for (int i = 0; i < blocks; i++) {
            LittleEndian.put16(target, offset + 2L * i, Float.floatToFloat16(values[at + i]));
        }
    }

    static void bf16(float[] values, int at, int blocks, MemorySegment target, long offset) {
        for (int i = 0; i < blocks; i++) {
            LittleEndian.put16(target, offset + 2L * i, upperHalf(Float.floatToRawIntBits(values[at + i])));
        }
    }

    /** The upper 16 bits, rounded to nearest even; of a NaN, quieted, so that cutting its payload makes no infinity. */
    private static int upperHalf(int bits) {
        if ((bits & 0x7FFFFFFF) > 0x7F800000) {
            return (bits >>> 16) | 64;
        }
        return (bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16;
    }
}
