package org.llmspell.kernels.format;

import java.lang.foreign.MemorySegment;

/**
 * The four-bit formats whose nibbles index a table of sixteen values instead of being the value. Source: ggml-common.h and
 * ggml-quants.c of ggml; MXFP4 is the microscaling format of the Open Compute Project.
 */
public final class TableBlocks {
    /** The non-linear levels of IQ4_NL and IQ4_XS. */
    private static final byte[] NONLINEAR = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

    /** Twice the values of a four-bit float E2M1; its negative zero is a plain zero here. */
    private static final byte[] E2M1 = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

    private TableBlocks() {}

    /** A copy of the sixteen levels of IQ4_NL and IQ4_XS. */
    public static byte[] nonlinearLevels() {
        return NONLINEAR.clone();
    }

    /** A copy of the sixteen doubled E2M1 values of MXFP4 and NVFP4. */
    public static byte[] e2m1Levels() {
        return E2M1.clone();
    }

    /** Bytes: d, qs[16]. */
    static void iq4nl(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 18, at += 32) {
            look(NONLINEAR, LittleEndian.half(source, offset), source, offset + 2, 16, out, at);
        }
    }

    /** Bytes: d, u16 scales_h, scales_l[4], qs[128]. */
    static void iq4xs(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 136, at += 256) {
            float d = LittleEndian.half(source, offset);
            for (int sub = 0; sub < 8; sub++) {
                float scale = d * iq4xsScale(source, offset, sub);
                look(NONLINEAR, scale, source, offset + 8 + sub * 16L, 16, out, at + sub * 32);
            }
        }
    }

    /** The six-bit scale, less 32, of sub-block {@code sub} of the IQ4_XS block at {@code offset}. */
    public static int iq4xsScale(MemorySegment source, long offset, int sub) {
        int low = (LittleEndian.u8(source, offset + 4 + (sub >> 1)) >> (4 * (sub & 1))) & 15;
        int high = (LittleEndian.u16(source, offset + 2) >> (2 * sub)) & 3;
        return (low | (high << 4)) - 32;
    }

    /** Bytes: e, qs[16]. */
    static void mxfp4(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 17, at += 32) {
            look(E2M1, e8m0Half(LittleEndian.u8(source, offset)), source, offset + 1, 16, out, at);
        }
    }

    /** 2^(exponent − 128): half of the scale, since the table is doubled. The two smallest are subnormal. */
    public static float e8m0Half(int exponent) {
        return Float.intBitsToFloat(exponent < 2 ? 0x00200000 << exponent : (exponent - 1) << 23);
    }

    /** Bytes: d[4] of type UE4M3, qs[32]: sixteen elements a scale, nibbles j and j + 8. */
    static void nvfp4(MemorySegment source, long offset, int blocks, float[] out, int at) {
        for (int b = 0; b < blocks; b++, offset += 36, at += 64) {
            for (int sub = 0; sub < 4; sub++) {
                float scale = ue4m3Half(LittleEndian.u8(source, offset + sub));
                look(E2M1, scale, source, offset + 4 + sub * 8L, 8, out, at + sub * 16);
            }
        }
    }

    /** Half of an unsigned float with four exponent bits (bias 7) and three mantissa bits; the NaN code counts as 0. */
    private static float ue4m3Half(int bits) {
        int exponent = (bits >> 3) & 15;
        int mantissa = bits & 7;
        if (bits == 0x7F) {
            return 0;
        }
        return exponent == 0 ? Math.scalb((float) mantissa, -10) : Math.scalb(1 + mantissa / 8f, exponent - 8);
    }

    /** {@code bytes} bytes of nibbles: the low ones are elements 0 …, the high ones elements {@code bytes} … */
    private static void look(
            byte[] table, float scale, MemorySegment source, long quants, int bytes, float[] out, int at) {
        for (int j = 0; j < bytes; j++) {
            int q = LittleEndian.u8(source, quants + j);
            out[at + j] = scale * table[q & 15];
            out[at + j + bytes] = scale * table[q >> 4];
        }
    }
}
