package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VPADDB;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSRAD;
import static org.llmspell.kernels.x86.Op.VPSRLD;
import static org.llmspell.kernels.x86.Op.VPTERNLOGD;
import static org.llmspell.kernels.x86.Vec.zmm;

/** Unpacks Q6_K. Words of a block: 32 of lower nibbles, 16 of upper bits, four of signed 8-bit scales; then the half d. */
final class UnpackSixBitSuper extends UnpackCode {
    private static final int BLOCK_BYTES = 210;
    private static final int UPPER = 32;
    private static final int SCALES = 48;
    private static final int FACTOR = 52;

    private static final long UPPER_BITS = Constants.bytes(i -> 0x30);
    /** Quants are 32 too large in the block and 128 too large in the panel. */
    private static final long OFFSET = Constants.bytes(i -> 128 - 32);

    private static final int FIRST_OR_SECOND_AND_THIRD = 0xF8;

    UnpackSixBitSuper(int blocksAhead) {
        super(16, 16, BLOCK_BYTES, blocksAhead * BLOCK_BYTES);
    }

    @Override
    void stage(Assembler a) {
        stageWords(a, 0, SCALES + 4, 0);
        stageWord(a, BLOCK_BYTES - 4, FACTOR);
    }

    @Override
    void expand(Assembler a) {
        Vec factor = zmm(0);
        Vec scales = zmm(1);
        Vec scale = zmm(2);
        upperHalves(a, factor, FACTOR);
        for (int run = 0; run < 16; run++) {
            if (run % 4 == 0) {
                a.emit(VMOVDQU32, scales, staged(SCALES + run / 4));
            }
            a.emit(VPSLLD, scale, scales, 24 - 8 * (run % 4));
            a.emit(VPSRAD, scale, scale, 24);
            a.emit(VCVTDQ2PS, scale, scale);
            storeScales(a, scale, factor, run);
        }
        Vec low = zmm(3);
        Vec upperBits = zmm(4);
        Vec offset = zmm(5);
        Vec upper = zmm(6);
        Vec shifted = zmm(7);
        Vec quants = zmm(8);
        constant(a, low, LOW_NIBBLES);
        constant(a, upperBits, UPPER_BITS);
        constant(a, offset, OFFSET);
        for (int half = 0; half < 2; half++) {
            for (int part = 0; part < 8; part++) {
                a.emit(VMOVDQU32, upper, staged(UPPER + 8 * half + part));
                for (int quarter = 0; quarter < 4; quarter++) {
                    a.emit(VMOVDQU32, quants, staged(16 * half + 8 * (quarter % 2) + part));
                    if (quarter >= 2) {
                        a.emit(VPSRLD, quants, quants, 4);
                    }
                    a.emit(VPANDD, quants, quants, low);
                    if (quarter < 2) {
                        a.emit(VPSLLD, shifted, upper, 4 - 2 * quarter);
                    } else if (quarter == 3) {
                        a.emit(VPSRLD, shifted, upper, 2);
                    }
                    Vec bits = quarter == 2 ? upper : shifted;
                    a.emit(VPTERNLOGD, quants, bits, upperBits, FIRST_OR_SECOND_AND_THIRD);
                    a.emit(VPADDB, quants, quants, offset);
                    storeQuants(a, quants, 8 * half + 2 * quarter + part / 4, part % 4);
                }
            }
        }
    }
}
