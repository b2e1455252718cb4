package org.llmspell.kernels.format;

import java.lang.foreign.MemorySegment;

/**
 * The IQ1, IQ2 and IQ3 formats: 256 elements in groups of four or eight, each an entry of a codebook, with signs beside it.
 * Sub-blocks of 32 or 16 elements have a small integer scale, and all share one half d. Source: ggml-common.h and ggml-quants.c
 * of ggml.
 */
final class GridBlocks {
    private static final int ELEMENTS = 256;

    /** How far IQ1's levels −1, 0 and 1 are moved, up or down by a bit of the sub-block. */
    private static final float SHIFT = 0.125f;

    /** For each byte of sign bits eight factors 1 or −1. */
    private static final float[] SIGNS = new float[256 * 8];

    static {
        for (int i = 0; i < SIGNS.length; i++) {
            SIGNS[i] = ((i / 8 >> i % 8) & 1) == 0 ? 1 : -1;
        }
    }

    private GridBlocks() {}

    /** Bytes: d, then for each 32 elements four indices and a word of four times seven sign bits and a four-bit scale. */
    static void iq2xxs(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 66, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset);
            for (int sub = 0; sub < 8; sub++) {
                long indices = offset + 2 + sub * 8L;
                int word = LittleEndian.i32(source, indices + 4);
                float scale = d * (0.5f + (word >>> 28)) * 0.25f;
                for (int l = 0; l < 4; l++) {
                    int entry = LittleEndian.u8(source, indices + l);
                    eight(Grid.IQ2_XXS, entry, evenSigns(word >>> (7 * l)), scale, out, at + sub * 32 + l * 8);
                }
            }
        }
    }

    /** Bytes: d, 32 words of nine bits of index and seven of signs, scales[8] of two nibbles, one for each 16 elements. */
    static void iq2xs(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 74, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset);
            for (int group = 0; group < 32; group++) {
                float scale = iq2Scale(d, source, offset + 66, group);
                int word = LittleEndian.u16(source, offset + 2 + group * 2L);
                eight(Grid.IQ2_XS, word & 511, evenSigns(word >> 9), scale, out, at + group * 8);
            }
        }
    }

    /** Bytes: d, qs[32], signs[32], qh[8] of the indices' upper two bits, scales[8] as of IQ2_XS. */
    static void iq2s(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 82, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset);
            for (int group = 0; group < 32; group++) {
                float scale = iq2Scale(d, source, offset + 74, group);
                int high = (LittleEndian.u8(source, offset + 66 + (group >> 2)) >> (2 * (group & 3))) & 3;
                int entry = LittleEndian.u8(source, offset + 2 + group) | high << 8;
                eight(Grid.IQ2_S, entry, LittleEndian.u8(source, offset + 34 + group), scale, out, at + group * 8);
            }
        }
    }

    /** A nibble for each two of the 32 groups. */
    private static float iq2Scale(float d, MemorySegment source, long scales, int group) {
        int nibble = (LittleEndian.u8(source, scales + (group >> 2)) >> (4 * ((group >> 1) & 1))) & 15;
        return d * (0.5f + nibble) * 0.25f;
    }

    /** Bytes: d, 64 indices, then for each 32 elements a word of four times seven sign bits and a four-bit scale. */
    static void iq3xxs(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 98, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset);
            for (int sub = 0; sub < 8; sub++) {
                int word = LittleEndian.i32(source, offset + 66 + sub * 4L);
                float scale = d * (0.5f + (word >>> 28)) * 0.5f;
                for (int l = 0; l < 8; l++) {
                    int entry = LittleEndian.u8(source, offset + 2 + sub * 8L + l);
                    int signs = evenSigns(word >>> (7 * (l >> 1))) >> (4 * (l & 1));
                    four(Grid.IQ3_XXS, entry, signs, scale, out, at + sub * 32 + l * 4);
                }
            }
        }
    }

    /** Bytes: d, qs[64], qh[8] of the indices' ninth bits, signs[32], scales[4] of two nibbles, one for each 32 elements. */
    static void iq3s(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 110, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset);
            for (int sub = 0; sub < 8; sub++) {
                int nibble = (LittleEndian.u8(source, offset + 106 + (sub >> 1)) >> (4 * (sub & 1))) & 15;
                float scale = d * (1 + 2 * nibble);
                int ninth = LittleEndian.u8(source, offset + 66 + sub);
                for (int l = 0; l < 8; l++) {
                    int entry = LittleEndian.u8(source, offset + 2 + sub * 8L + l) | ((ninth >> l) & 1) << 8;
                    int signs = LittleEndian.u8(source, offset + 74 + sub * 4L + (l >> 1)) >> (4 * (l & 1));
                    four(Grid.IQ3_S, entry, signs, scale, out, at + sub * 32 + l * 4);
                }
            }
        }
    }

    /** Bytes: d, qs[32], then for each 32 elements a word of four times three index bits, a three-bit scale and the shift's sign. */
    static void iq1s(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 50, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset);
            for (int sub = 0; sub < 8; sub++) {
                int word = LittleEndian.u16(source, offset + 34 + sub * 2L);
                float scale = d * (2 * ((word >> 12) & 7) + 1);
                float shift = (word & 0x8000) != 0 ? -SHIFT : SHIFT;
                for (int l = 0; l < 4; l++) {
                    int entry = LittleEndian.u8(source, offset + 2 + sub * 4L + l) | ((word >> (3 * l)) & 7) << 8;
                    shifted(entry, shift, scale, out, at + sub * 32 + l * 8);
                }
            }
        }
    }

    /**
     * Bytes: qs[32], qh[16] of a nibble for each eight elements (three index bits and the shift's sign), four words of four
     * three-bit scales, one for each 16 elements, whose upper nibbles are together the half d.
     */
    static void iq1m(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 56, at += ELEMENTS) {
            int half = 0;
            for (int i = 0; i < 4; i++) {
                half |= (LittleEndian.u16(source, offset + 48 + i * 2L) >> 12) << (4 * i);
            }
            float d = Float.float16ToFloat((short) half);
            for (int group = 0; group < 32; group++) {
                int scales = LittleEndian.u16(source, offset + 48 + (group >> 3) * 2L);
                float scale = d * (2 * ((scales >> (3 * ((group >> 1) & 3))) & 7) + 1);
                int high = LittleEndian.u8(source, offset + 32 + (group >> 1)) >> (4 * (group & 1));
                int entry = LittleEndian.u8(source, offset + group) | (high & 7) << 8;
                shifted(entry, (high & 8) != 0 ? -SHIFT : SHIFT, scale, out, at + group * 8);
            }
        }
    }

    /** Seven sign bits and the eighth that makes the number of negative elements even. */
    static int evenSigns(int bits) {
        int seven = bits & 127;
        return seven | (Integer.bitCount(seven) & 1) << 7;
    }

    private static void eight(Grid grid, int entry, int signs, float scale, float[] out, int at) {
        elements(grid, 8, entry, signs & 0xFF, scale, out, at);
    }

    private static void four(Grid grid, int entry, int signs, float scale, float[] out, int at) {
        elements(grid, 4, entry, signs & 0xF, scale, out, at);
    }

    private static void elements(Grid grid, int width, int entry, int signs, float scale, float[] out, int at) {
        float[] levels = grid.floats();
        int from = entry * width;
        int factors = signs * 8;
        for (int j = 0; j < width; j++) {
            out[at + j] = scale * levels[from + j] * SIGNS[factors + j];
        }
    }

    private static void shifted(int entry, float shift, float scale, float[] out, int at) {
        float[] levels = Grid.IQ1.floats();
        for (int j = 0; j < 8; j++) {
            out[at + j] = scale * (levels[8 * entry + j] + shift);
        }
    }
}
