package org.llmspell.kernels.encode;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.format.LittleEndian;

/**
 * The formats of values −1, 0 and 1 under one scale, the largest size among 256: meant for models that were trained so. The
 * bytes are ggml's.
 */
final class TernaryEncoders {
    private static final int ELEMENTS = 256;

    private TernaryEncoders() {}

    static void tq10(float[] values, int at, int blocks, MemorySegment target, long offset) {
        for (int b = 0; b < blocks; b++, at += ELEMENTS, offset += 54) {
            float d = Scales.largest(values, at, ELEMENTS);
            float inverse = Scales.inverse(d);
            digits(values, at, 32, 5, inverse, target, offset);
            digits(values, at + 160, 16, 5, inverse, target, offset + 32);
            digits(values, at + 240, 4, 4, inverse, target, offset + 48);
            LittleEndian.put16(target, offset + 52, Scales.half(d));
        }
    }

    /** Five digits of base three a byte, the first most significant, as a fraction of 256 rounded up. */
    private static void digits(
            float[] values, int at, int bytes, int digits, float inverse, MemorySegment target, long offset) {
        for (int m = 0; m < bytes; m++) {
            int number = 0;
            for (int n = 0; n < 5; n++) {
                number = number * 3 + (n < digits ? digit(values[at + n * bytes + m] * inverse) : 0);
            }
            LittleEndian.put8(target, offset + m, (number * 256 + 242) / 243);
        }
    }

    static void tq20(float[] values, int at, int blocks, MemorySegment target, long offset) {
        for (int b = 0; b < blocks; b++, at += ELEMENTS, offset += 66) {
            float d = Scales.largest(values, at, ELEMENTS);
            float inverse = Scales.inverse(d);
            for (int m = 0; m < 64; m++) {
                int packed = 0;
                for (int n = 0; n < 4; n++) {
                    packed |= digit(values[at + (m >> 5) * 128 + n * 32 + (m & 31)] * inverse) << (2 * n);
                }
                LittleEndian.put8(target, offset + m, packed);
            }
            LittleEndian.put16(target, offset + 64, Scales.half(d));
        }
    }

    private static int digit(float value) {
        return Scales.roundedAway(value) + 1;
    }
}
