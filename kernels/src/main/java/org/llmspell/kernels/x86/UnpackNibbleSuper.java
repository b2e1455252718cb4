package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSRLD;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Op.VSUBPS;

/**
 * Unpacks Q4_K and Q5_K. Words of a block: d and dmin; three of eight scales and eight minima of six bits; for Q5_K eight of fifth bits;
 * 32 of nibbles, of which eight make two runs.
 */
final class UnpackNibbleSuper extends UnpackCode {
    private static final long SIX_BITS = Constants.bytes(i -> 0x3F);
    private static final long UPPER_TWO = Constants.bytes(i -> 0x30);
    private static final long FIFTH = Constants.bytes(i -> 0x10);
    private final boolean fifthBit;

    UnpackNibbleSuper(PanelIsa isa, boolean fifthBit, int blocksAhead) {
        super(isa, 32, 8, bytes(fifthBit), blocksAhead * bytes(fifthBit));
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
        Vec low = vector(0);
        Vec fifth = vector(1);
        Vec packed = vector(2);
        Vec quants = vector(3);
        Vec bits = vector(4);
        constant(a, low, LOW_NIBBLES);
        constant(a, fifth, FIFTH);
        for (int part = 0; part < 8; part++) {
            if (fifthBit) {
                emit(a, VMOVDQU32, vector(8), staged(4 + part));
            }
            for (int pair = 0; pair < 4; pair++) {
                emit(a, VMOVDQU32, packed, staged((fifthBit ? 12 : 4) + 8 * pair + part));
                for (int upper = 0; upper < 2; upper++) {
                    Vec nibbles = packed;
                    if (upper == 1) {
                        nibbles = quants;
                        emit(a, VPSRLD, quants, packed, 4);
                    }
                    emit(a, VPANDD, quants, nibbles, low);
                    int run = 2 * pair + upper;
                    if (fifthBit) {
                        if (run < 4) {
                            emit(a, VPSLLD, bits, vector(8), 4 - run);
                        } else {
                            emit(a, VPSRLD, bits, vector(8), run - 4);
                        }
                        isa.orAnd(a, quants, bits, fifth);
                    }
                    storeQuants(a, quants, run, part);
                }
            }
        }
    }

    /** The first four scales are six bits of a byte; of the last four, four bits are in a nibble and two above the first four. */
    private void scales(Assembler a) {
        Vec factor = vector(0);
        Vec minimumFactor = vector(1);
        Vec sixBits = vector(2);
        Vec low = vector(3);
        Vec upperTwo = vector(4);
        Vec mask = vector(5);
        Vec temporary = vector(6);
        lowerHalves(a, factor, 0);
        upperHalves(a, temporary, 0);
        emit(a, VPXORD, minimumFactor, minimumFactor, minimumFactor);
        emit(a, VSUBPS, minimumFactor, minimumFactor, temporary);
        constant(a, sixBits, SIX_BITS);
        constant(a, low, LOW_NIBBLES);
        constant(a, upperTwo, UPPER_TWO);
        constant(a, mask, BYTE);
        Vec[] scales = {vector(8), vector(9)};
        Vec[] minima = {vector(10), vector(11)};
        emit(a, VPANDD, scales[0], sixBits, staged(1));
        emit(a, VPANDD, minima[0], sixBits, staged(2));
        emit(a, VMOVDQU32, temporary, staged(1));
        emit(a, VPSRLD, temporary, temporary, 2);
        emit(a, VPANDD, scales[1], low, staged(3));
        isa.orAnd(a, scales[1], temporary, upperTwo);
        emit(a, VMOVDQU32, minima[1], staged(3));
        emit(a, VPSRLD, minima[1], minima[1], 4);
        emit(a, VPANDD, minima[1], minima[1], low);
        emit(a, VMOVDQU32, temporary, staged(2));
        emit(a, VPSRLD, temporary, temporary, 2);
        isa.orAnd(a, minima[1], temporary, upperTwo);
        for (int run = 0; run < 8; run++) {
            byteToFloat(a, temporary, scales[run / 4], run % 4, mask);
            storeScales(a, temporary, factor, run);
            byteToFloat(a, temporary, minima[run / 4], run % 4, mask);
            emit(a, VMULPS, temporary, temporary, minimumFactor);
            storeMinima(a, temporary, run);
        }
    }
}
