package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSRLD;
import static org.llmspell.kernels.x86.Op.VPTERNLOGD;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Op.VSUBPS;
import static org.llmspell.kernels.x86.Vec.zmm;

/**
 * Unpacks Q4_K and Q5_K. Words of a block: d and dmin; three of eight scales and eight minima of six bits; for Q5_K eight of fifth bits;
 * 32 of nibbles, of which eight make two runs.
 */
final class UnpackNibbleSuper extends UnpackCode {
    private static final long SIX_BITS = Constants.bytes(i -> 0x3F);
    private static final long UPPER_TWO = Constants.bytes(i -> 0x30);
    private static final long FIFTH = Constants.bytes(i -> 0x10);
    private static final int FIRST_OR_SECOND_AND_THIRD = 0xF8;

    private final boolean fifthBit;

    UnpackNibbleSuper(boolean fifthBit, int blocksAhead) {
        super(32, 8, bytes(fifthBit), blocksAhead * bytes(fifthBit));
        this.fifthBit = fifthBit;
    }

    private static int bytes(boolean fifthBit) {
        return fifthBit ? 176 : 144;
    }

    @Override
    void stage(Assembler a) {
        stageWords(a, 0, bytes(fifthBit) / 4, 0);
    }

    @Override
    void expand(Assembler a) {
        scales(a);
        Vec low = zmm(0);
        Vec fifth = zmm(1);
        Vec packed = zmm(2);
        Vec quants = zmm(3);
        Vec bits = zmm(4);
        constant(a, low, LOW_NIBBLES);
        constant(a, fifth, FIFTH);
        for (int part = 0; part < 8; part++) {
            if (fifthBit) {
                a.emit(VMOVDQU32, zmm(8), staged(4 + part));
            }
            for (int pair = 0; pair < 4; pair++) {
                a.emit(VMOVDQU32, packed, staged((fifthBit ? 12 : 4) + 8 * pair + part));
                for (int upper = 0; upper < 2; upper++) {
                    Vec nibbles = packed;
                    if (upper == 1) {
                        nibbles = quants;
                        a.emit(VPSRLD, quants, packed, 4);
                    }
                    a.emit(VPANDD, quants, nibbles, low);
                    int run = 2 * pair + upper;
                    if (fifthBit) {
                        if (run < 4) {
                            a.emit(VPSLLD, bits, zmm(8), 4 - run);
                        } else {
                            a.emit(VPSRLD, bits, zmm(8), run - 4);
                        }
                        a.emit(VPTERNLOGD, quants, bits, fifth, FIRST_OR_SECOND_AND_THIRD);
                    }
                    storeQuants(a, quants, run, part);
                }
            }
        }
    }

    /** The first four scales are six bits of a byte; of the last four, four bits are in a nibble and two above the first four. */
    private void scales(Assembler a) {
        Vec factor = zmm(0);
        Vec minimumFactor = zmm(1);
        Vec sixBits = zmm(2);
        Vec low = zmm(3);
        Vec upperTwo = zmm(4);
        Vec mask = zmm(5);
        Vec temporary = zmm(6);
        lowerHalves(a, factor, 0);
        upperHalves(a, temporary, 0);
        a.emit(VPXORD, minimumFactor, minimumFactor, minimumFactor);
        a.emit(VSUBPS, minimumFactor, minimumFactor, temporary);
        constant(a, sixBits, SIX_BITS);
        constant(a, low, LOW_NIBBLES);
        constant(a, upperTwo, UPPER_TWO);
        constant(a, mask, BYTE);
        Vec[] scales = {zmm(8), zmm(9)};
        Vec[] minima = {zmm(10), zmm(11)};
        a.emit(VPANDD, scales[0], sixBits, staged(1));
        a.emit(VPANDD, minima[0], sixBits, staged(2));
        a.emit(VMOVDQU32, temporary, staged(1));
        a.emit(VPSRLD, temporary, temporary, 2);
        a.emit(VPANDD, scales[1], low, staged(3));
        a.emit(VPTERNLOGD, scales[1], temporary, upperTwo, FIRST_OR_SECOND_AND_THIRD);
        a.emit(VMOVDQU32, minima[1], staged(3));
        a.emit(VPSRLD, minima[1], minima[1], 4);
        a.emit(VPANDD, minima[1], minima[1], low);
        a.emit(VMOVDQU32, temporary, staged(2));
        a.emit(VPSRLD, temporary, temporary, 2);
        a.emit(VPTERNLOGD, minima[1], temporary, upperTwo, FIRST_OR_SECOND_AND_THIRD);
        for (int run = 0; run < 8; run++) {
            byteToFloat(a, temporary, scales[run / 4], run % 4, mask);
            storeScales(a, temporary, factor, run);
            byteToFloat(a, temporary, minima[run / 4], run % 4, mask);
            a.emit(VMULPS, temporary, temporary, minimumFactor);
            storeMinima(a, temporary, run);
        }
    }
}
