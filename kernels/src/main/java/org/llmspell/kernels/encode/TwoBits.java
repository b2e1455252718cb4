package org.llmspell.kernels.encode;

import java.lang.foreign.MemorySegment;
import org.llmspell.kernels.format.LittleEndian;

/** Packs the low two bits of 256 numbers as Q2_K and Q3_K do: elements l, l + 32, l + 64, l + 96 of a half in one byte. */
final class TwoBits {
    private TwoBits() {}

    static void put(byte[] quants, MemorySegment target, long offset) {
        for (int half = 0; half < 2; half++) {
            for (int l = 0; l < 32; l++) {
                int packed = 0;
                for (int n = 0; n < 4; n++) {
                    packed |= (quants[half * 128 + n * 32 + l] & 3) << (2 * n);
                }
                LittleEndian.put8(target, offset + half * 32L + l, packed);
            }
        }
    }
}
