package org.llmspell.kernels.encode;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.format.LittleEndian;

/** Q3_K and Q6_K: writes what {@link SymmetricBlock} has found; the layouts are ggml's. */
final class SymmetricEncoders {
    private static final int ELEMENTS = SymmetricBlock.ELEMENTS;
    private static final int TRIES = 9;
    private static final float STEP = 0.1f;

    private SymmetricEncoders() {}

    /** Bytes: hmask[32], qs[64], scales[12], d. */
    static void q3k(float[] values, int at, int blocks, MemorySegment target, long offset) {
        SymmetricBlock block = new SymmetricBlock(16, new IntegerLevels(4), -32, TRIES, STEP);
        byte[] quants = block.quants();
        for (int b = 0; b < blocks; b++, at += ELEMENTS, offset += 110) {
            block.fit(values, at);
            for (int l = 0; l < 32; l++) {
                int high = 0;
                for (int n = 0; n < 8; n++) {
                    // Stored as q + 4: two low bits and, here, the third.
                    high |= ((quants[n * 32 + l] + 4) >> 2) << n;
                }
                LittleEndian.put8(target, offset + l, high);
            }
            TwoBits.put(quants, target, offset + 32);
            for (int j = 0; j < 8; j++) {
                int low = (block.scaleCode(j) + 32) & 15 | ((block.scaleCode(j + 8) + 32) & 15) << 4;
                LittleEndian.put8(target, offset + 96 + j, low);
            }
            for (int j = 0; j < 4; j++) {
                int high = 0;
                for (int n = 0; n < 4; n++) {
                    high |= ((block.scaleCode(4 * n + j) + 32) >> 4) << (2 * n);
                }
                LittleEndian.put8(target, offset + 104 + j, high);
            }
            LittleEndian.put16(target, offset + 108, block.d());
        }
    }

    /** Bytes: ql[128], qh[64], scales[16], d. */
    static void q6k(float[] values, int at, int blocks, MemorySegment target, long offset) {
        SymmetricBlock block = new SymmetricBlock(16, new IntegerLevels(32), -128, TRIES, STEP);
        byte[] quants = block.quants();
        for (int b = 0; b < blocks; b++, at += ELEMENTS, offset += 210) {
            block.fit(values, at);
            for (int half = 0; half < 2; half++) {
                for (int l = 0; l < 32; l++) {
                    int from = half * 128 + l;
                    int q0 = quants[from] + 32;
                    int q1 = quants[from + 32] + 32;
                    int q2 = quants[from + 64] + 32;
                    int q3 = quants[from + 96] + 32;
                    LittleEndian.put8(target, offset + half * 64L + l, (q0 & 15) | (q2 & 15) << 4);
                    LittleEndian.put8(target, offset + half * 64L + 32 + l, (q1 & 15) | (q3 & 15) << 4);
                    int high = (q0 >> 4) | (q1 >> 4) << 2 | (q2 >> 4) << 4 | (q3 >> 4) << 6;
                    LittleEndian.put8(target, offset + 128 + half * 32L + l, high);
                }
            }
            for (int sub = 0; sub < 16; sub++) {
                LittleEndian.put8(target, offset + 192 + sub, block.scaleCode(sub));
            }
            LittleEndian.put16(target, offset + 208, block.d());
        }
    }
}
