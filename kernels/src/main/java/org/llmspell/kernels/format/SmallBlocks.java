package org.llmspell.kernels.format;

import java.lang.foreign.MemorySegment;

/**
 * The formats of 32 elements under one scale: half d, for the {@code _1} formats half m, for five bits a 32-bit word of fifth
 * bits, then nibbles (element j low, j + 16 high) or signed bytes. Source: ggml-common.h and ggml-quants.c of ggml.
 */
final class SmallBlocks {
    private static final int ELEMENTS = 32;
    private static final int HALF = 16;

    private SmallBlocks() {}

    static void q40(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 18, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset);
            for (int j = 0; j < HALF; j++) {
                int q = LittleEndian.u8(source, offset + 2 + j);
                out[at + j] = ((q & 15) - 8) * d;
                out[at + j + HALF] = ((q >> 4) - 8) * d;
            }
        }
    }

    static void q41(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 20, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset);
            float m = LittleEndian.half(source, offset + 2);
            for (int j = 0; j < HALF; j++) {
                int q = LittleEndian.u8(source, offset + 4 + j);
                out[at + j] = (q & 15) * d + m;
                out[at + j + HALF] = (q >> 4) * d + m;
            }
        }
    }

    static void q50(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 22, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset);
            int fifth = LittleEndian.i32(source, offset + 2);
            for (int j = 0; j < HALF; j++) {
                int q = LittleEndian.u8(source, offset + 6 + j);
                out[at + j] = (((q & 15) | ((fifth >>> j) & 1) << 4) - 16) * d;
                out[at + j + HALF] = (((q >> 4) | ((fifth >>> (j + HALF)) & 1) << 4) - 16) * d;
            }
        }
    }

    static void q51(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 24, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset);
            float m = LittleEndian.half(source, offset + 2);
            int fifth = LittleEndian.i32(source, offset + 4);
            for (int j = 0; j < HALF; j++) {
                int q = LittleEndian.u8(source, offset + 8 + j);
                out[at + j] = ((q & 15) | ((fifth >>> j) & 1) << 4) * d + m;
                out[at + j + HALF] = ((q >> 4) | ((fifth >>> (j + HALF)) & 1) << 4) * d + m;
            }
        }
    }

    static void q80(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 34, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset);
            for (int j = 0; j < ELEMENTS; j++) {
                out[at + j] = LittleEndian.i8(source, offset + 2 + j) * d;
            }
        }
    }
}
