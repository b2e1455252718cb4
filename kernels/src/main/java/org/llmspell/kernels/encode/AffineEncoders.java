package org.llmspell.kernels.encode;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.format.LittleEndian;

/** Q2_K, Q4_K and Q5_K: writes what {@link AffineBlock} has found; the layouts are ggml's. */
final class AffineEncoders {
    private static final int ELEMENTS = AffineBlock.ELEMENTS;

    private AffineEncoders() {}

    /** Bytes: scales[16] (scale low, minimum high), qs[64], d, dmin. */
    static void q2k(float[] values, int at, int blocks, MemorySegment target, long offset) {
        AffineBlock block = new AffineBlock(16, 3, 15, 0.1f);
        for (int b = 0; b < blocks; b++, at += ELEMENTS, offset += 84) {
            block.fit(values, at);
            for (int sub = 0; sub < 16; sub++) {
                LittleEndian.put8(target, offset + sub, block.scaleCode(sub) | block.minimumCode(sub) << 4);
            }
            TwoBits.put(block.quants(), target, offset + 16);
            LittleEndian.put16(target, offset + 80, block.d());
            LittleEndian.put16(target, offset + 82, block.dmin());
        }
    }

    /** Bytes: d, dmin, scales[12], qs[128]. */
    static void q4k(float[] values, int at, int blocks, MemorySegment target, long offset) {
        AffineBlock block = new AffineBlock(32, 15, 63, 1);
        for (int b = 0; b < blocks; b++, at += ELEMENTS, offset += 144) {
            block.fit(values, at);
            head(block, target, offset);
            nibbles(block.quants(), target, offset + 16);
        }
    }

    /** Bytes: d, dmin, scales[12], qh[32], qs[128]. */
    static void q5k(float[] values, int at, int blocks, MemorySegment target, long offset) {
        AffineBlock block = new AffineBlock(32, 31, 63, 1);
        for (int b = 0; b < blocks; b++, at += ELEMENTS, offset += 176) {
            block.fit(values, at);
            head(block, target, offset);
            byte[] quants = block.quants();
            for (int l = 0; l < 32; l++) {
                int fifth = 0;
                for (int sub = 0; sub < 8; sub++) {
                    fifth |= (quants[sub * 32 + l] >> 4) << sub;
                }
                LittleEndian.put8(target, offset + 16 + l, fifth);
            }
            nibbles(quants, target, offset + 48);
        }
    }

    /** d, dmin and the twelve bytes of eight six-bit scales and minima; see {@code SixBitScales} for their order. */
    private static void head(AffineBlock block, MemorySegment target, long offset) {
        LittleEndian.put16(target, offset, block.d());
        LittleEndian.put16(target, offset + 2, block.dmin());
        for (int j = 0; j < 4; j++) {
            int scale = block.scaleCode(j + 4);
            int minimum = block.minimumCode(j + 4);
            LittleEndian.put8(target, offset + 4 + j, block.scaleCode(j) | (scale >> 4) << 6);
            LittleEndian.put8(target, offset + 8 + j, block.minimumCode(j) | (minimum >> 4) << 6);
            LittleEndian.put8(target, offset + 12 + j, (scale & 15) | (minimum & 15) << 4);
        }
    }

    /** The low four bits: element l of a pair of sub-blocks low, l + 32 high. */
    private static void nibbles(byte[] quants, MemorySegment target, long offset) {
        for (int pair = 0; pair < 4; pair++) {
            for (int l = 0; l < 32; l++) {
                int low = quants[pair * 64 + l] & 15;
                int high = quants[pair * 64 + 32 + l] & 15;
                LittleEndian.put8(target, offset + pair * 32L + l, low | high << 4);
            }
        }
    }
}
