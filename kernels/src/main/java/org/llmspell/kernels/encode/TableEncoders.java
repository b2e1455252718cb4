package org.llmspell.kernels.encode;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.format.LittleEndian;
import org.llmspell.kernels.format.TableBlocks;

/** IQ4_NL, IQ4_XS and MXFP4, whose nibbles index a table of levels; the layouts are ggml's. */
final class TableEncoders {
    private static final int TRIES = 7;

    /** Up to which doubled size a number goes to the levels 0, 1, 2, 3, 4, 6, 8; beyond to 12. The middle goes down. */
    private static final float[] E2M1_BOUNDS = {0.5f, 1.5f, 2.5f, 3.5f, 5, 7, 10};

    private TableEncoders() {}

    /** Bytes: d, qs[16]. */
    static void iq4nl(float[] values, int at, int blocks, MemorySegment target, long offset) {
        TableLevels levels = new TableLevels();
        float[] x = new float[32];
        byte[] quants = new byte[32];
        for (int b = 0; b < blocks; b++, at += 32, offset += 18) {
            float unit = Scales.normalise(values, at, 32, x);
            short d = Scales.half(SymmetricBlock.scale(levels, x, 0, 32, TRIES, 1) * unit);
            float scale = Float.float16ToFloat(d);
            for (int j = 0; j < 32; j++) {
                quants[j] = (byte) levels.nearest(scale == 0 ? 0 : values[at + j] / scale);
            }
            LittleEndian.put16(target, offset, d);
            nibbles(quants, 0, target, offset + 2);
        }
    }

    /** Bytes: d, u16 scales_h, scales_l[4], qs[128]. */
    static void iq4xs(float[] values, int at, int blocks, MemorySegment target, long offset) {
        SymmetricBlock block = new SymmetricBlock(32, new TableLevels(), -32, TRIES, 1);
        for (int b = 0; b < blocks; b++, at += SymmetricBlock.ELEMENTS, offset += 136) {
            block.fit(values, at);
            int high = 0;
            for (int sub = 0; sub < 8; sub++) {
                high |= ((block.scaleCode(sub) + 32) >> 4) << (2 * sub);
                nibbles(block.quants(), sub * 32, target, offset + 8 + sub * 16L);
            }
            for (int j = 0; j < 4; j++) {
                int even = (block.scaleCode(2 * j) + 32) & 15;
                int odd = (block.scaleCode(2 * j + 1) + 32) & 15;
                LittleEndian.put8(target, offset + 4 + j, even | odd << 4);
            }
            LittleEndian.put16(target, offset, block.d());
            LittleEndian.put16(target, offset + 2, high);
        }
    }

    /** Bytes: e, qs[16]. The exponent takes the largest value to the highest power of two, as the standard has it. */
    static void mxfp4(float[] values, int at, int blocks, MemorySegment target, long offset) {
        byte[] quants = new byte[32];
        for (int b = 0; b < blocks; b++, at += 32, offset += 17) {
            float most = Scales.largest(values, at, 32);
            int exponent = most == 0 ? 0 : Math.max(0, exponent(most) - 2 + 127);
            float unit = TableBlocks.e8m0Half(exponent);
            for (int j = 0; j < 32; j++) {
                quants[j] = (byte) e2m1(values[at + j] / unit);
            }
            LittleEndian.put8(target, offset, exponent);
            nibbles(quants, 0, target, offset + 1);
        }
    }

    /** ⌊log2⌋, of subnormal numbers too. */
    private static int exponent(float value) {
        return value < Float.MIN_NORMAL ? Math.getExponent((double) value) : Math.getExponent(value);
    }

    private static int e2m1(float value) {
        float size = Math.abs(value);
        int code = 0;
        while (code < E2M1_BOUNDS.length && size > E2M1_BOUNDS[code]) {
            code++;
        }
        return value < 0 && code > 0 ? code | 8 : code;
    }

    /** Sixteen bytes: element j low, j + 16 high. */
    private static void nibbles(byte[] quants, int from, MemorySegment target, long offset) {
        for (int j = 0; j < 16; j++) {
            LittleEndian.put8(target, offset + j, quants[from + j] | quants[from + 16 + j] << 4);
        }
    }
}
