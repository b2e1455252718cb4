package org.llmspell.kernels.format;

import java.lang.foreign.MemorySegment;

/**
 * The K formats: 256 elements in sub-blocks of 16 or 32, whose small integer scales share one half d (and minima one half
 * dmin). Source: ggml-common.h and ggml-quants.c of ggml.
 */
final class SuperBlocks {
    private static final int ELEMENTS = 256;

    private SuperBlocks() {}

    /** Bytes: scales[16] (scale low, minimum high), qs[64], d, dmin. */
    static void q2k(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 84, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset + 80);
            float dmin = LittleEndian.half(source, offset + 82);
            for (int sub = 0; sub < 16; sub++) {
                int packed = LittleEndian.u8(source, offset + sub);
                float scale = d * (packed & 15);
                float minimum = dmin * (packed >> 4);
                // Eight sub-blocks a half of 128: pairs share a shift, the odd one takes the upper 16 bytes.
                long quants = offset + 16 + (sub >> 3) * 32L + (sub & 1) * 16L;
                int shift = sub & 6;
                for (int l = 0; l < 16; l++) {
                    int q = (LittleEndian.u8(source, quants + l) >> shift) & 3;
                    out[at + sub * 16 + l] = scale * q - minimum;
                }
            }
        }
    }

    /** Bytes: hmask[32], qs[64], scales[12], d. */
    static void q3k(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 110, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset + 108);
            for (int sub = 0; sub < 16; sub++) {
                float scale = d * q3kScale(source, offset + 96, sub);
                long quants = offset + 32 + (sub >> 3) * 32L + (sub & 1) * 16L;
                long mask = offset + (sub & 1) * 16L;
                int shift = sub & 6;
                int bit = sub >> 1;
                for (int l = 0; l < 16; l++) {
                    int q = (LittleEndian.u8(source, quants + l) >> shift) & 3;
                    int high = (LittleEndian.u8(source, mask + l) >> bit) & 1;
                    out[at + sub * 16 + l] = scale * (q - (high == 0 ? 4 : 0));
                }
            }
        }
    }

    /** Scale {@code i} of sixteen: a nibble of bytes 0–7 and two bits of bytes 8–11, less 32. */
    private static int q3kScale(MemorySegment source, long scales, int i) {
        int low = (LittleEndian.u8(source, scales + (i & 7)) >> (i < 8 ? 0 : 4)) & 15;
        int high = (LittleEndian.u8(source, scales + 8 + (i & 3)) >> (2 * (i >> 2))) & 3;
        return (low | (high << 4)) - 32;
    }

    /** Bytes: d, dmin, scales[12], qs[128]. */
    static void q4k(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 144, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset);
            float dmin = LittleEndian.half(source, offset + 2);
            int third = LittleEndian.i32(source, offset + 12);
            long scales = SixBitScales.scales(LittleEndian.i32(source, offset + 4), third);
            long minima = SixBitScales.minima(LittleEndian.i32(source, offset + 8), third);
            for (int sub = 0; sub < 8; sub++) {
                float scale = d * SixBitScales.at(scales, sub);
                float minimum = dmin * SixBitScales.at(minima, sub);
                long quants = offset + 16 + (sub >> 1) * 32L;
                int shift = (sub & 1) * 4;
                for (int l = 0; l < 32; l++) {
                    int q = (LittleEndian.u8(source, quants + l) >> shift) & 15;
                    out[at + sub * 32 + l] = scale * q - minimum;
                }
            }
        }
    }

    /** Bytes: d, dmin, scales[12], qh[32], qs[128]. */
    static void q5k(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 176, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset);
            float dmin = LittleEndian.half(source, offset + 2);
            int third = LittleEndian.i32(source, offset + 12);
            long scales = SixBitScales.scales(LittleEndian.i32(source, offset + 4), third);
            long minima = SixBitScales.minima(LittleEndian.i32(source, offset + 8), third);
            for (int sub = 0; sub < 8; sub++) {
                float scale = d * SixBitScales.at(scales, sub);
                float minimum = dmin * SixBitScales.at(minima, sub);
                long quants = offset + 48 + (sub >> 1) * 32L;
                int shift = (sub & 1) * 4;
                for (int l = 0; l < 32; l++) {
                    int fifth = (LittleEndian.u8(source, offset + 16 + l) >> sub) & 1;
                    int q = ((LittleEndian.u8(source, quants + l) >> shift) & 15) | (fifth << 4);
                    out[at + sub * 32 + l] = scale * q - minimum;
                }
            }
        }
    }

    /** Bytes: ql[128], qh[64], i8 scales[16], d. */
    static void q6k(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 210, at += ELEMENTS) {
            float d = LittleEndian.half(source, offset + 208);
            for (int sub = 0; sub < 16; sub++) {
                float scale = d * LittleEndian.i8(source, offset + 192 + sub);
                int half = sub >> 3;
                int quarter = (sub & 7) >> 1;
                int column = (sub & 1) * 16;
                long low = offset + half * 64L + (quarter & 1) * 32L + column;
                long high = offset + 128 + half * 32L + column;
                for (int l = 0; l < 16; l++) {
                    int nibble = (LittleEndian.u8(source, low + l) >> (quarter / 2 * 4)) & 15;
                    int q = nibble | ((LittleEndian.u8(source, high + l) >> (quarter * 2)) & 3) << 4;
                    out[at + sub * 16 + l] = scale * (q - 32);
                }
            }
        }
    }
}
