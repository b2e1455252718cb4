package org.llmspell.kernels.format;

import java.lang.foreign.MemorySegment;

/**
 * The formats of one or two bits, and of ternary digits packed five to a byte. Source: ggml-common.h and ggml-quants.c of
 * ggml.
 */
final class TernaryBlocks {
    private static final int[] POWERS_OF_3 = {1, 3, 9, 27, 81};

    private TernaryBlocks() {}

    /** Bytes: d, one bit an element for ±d. */
    static void q10(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 18, at += 128) {
            float d = LittleEndian.half(source, offset);
            for (int j = 0; j < 128; j++) {
                int bit = (LittleEndian.u8(source, offset + 2 + (j >> 3)) >> (j & 7)) & 1;
                out[at + j] = bit == 0 ? -d : d;
            }
        }
    }

    /** Bytes: d, two bits an element, less one. */
    static void q20(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 18, at += 64) {
            float d = LittleEndian.half(source, offset);
            for (int j = 0; j < 64; j++) {
                int q = (LittleEndian.u8(source, offset + 2 + (j >> 2)) >> (2 * (j & 3))) & 3;
                out[at + j] = (q - 1) * d;
            }
        }
    }

    /** Bytes: qs[48] of five digits, qh[4] of four, d. The first digit of 32, 16 and 4 bytes comes first. */
    static void tq10(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 54, at += 256) {
            float d = LittleEndian.half(source, offset + 52);
            digits(source, offset, 32, 5, d, out, at);
            digits(source, offset + 32, 16, 5, d, out, at + 160);
            digits(source, offset + 48, 4, 4, d, out, at + 240);
        }
    }

    private static void digits(MemorySegment source, long offset, int bytes, int digits, float d, float[] out, int at) {
        for (int n = 0; n < digits; n++) {
            for (int m = 0; m < bytes; m++) {
                int shifted = (LittleEndian.u8(source, offset + m) * POWERS_OF_3[n]) & 0xFF;
                out[at + n * bytes + m] = (((shifted * 3) >> 8) - 1) * d;
            }
        }
    }

    /** Bytes: qs[64] of four two-bit values, less one; d. */
    static void tq20(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 66, at += 256) {
            float d = LittleEndian.half(source, offset + 64);
            for (int j = 0; j < 256; j++) {
                int q = (LittleEndian.u8(source, offset + (j >> 7) * 32L + (j & 31)) >> (2 * ((j >> 5) & 3))) & 3;
                out[at + j] = (q - 1) * d;
            }
        }
    }
}
