package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VPADDB;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSRAD;
import static org.llmspell.kernels.x86.Op.VPSRLD;

/** Unpacks Q6_K. Words of a block: 32 of lower nibbles, 16 of upper bits, four of signed 8-bit scales; then the half d. */
final class UnpackSixBitSuper extends UnpackCode {
    private static final int BLOCK_BYTES = 210;
    private static final int UPPER = 32;
    private static final int SCALES = 48;
    private static final int FACTOR = 52;

    private static final long UPPER_BITS = Constants.bytes(i -> 0x30);
    /** Quants are 32 too large in the block, and 128 too large in a panel of AVX-512. */
    private static final long OFFSET = Constants.bytes(i -> 128 - 32);

    UnpackSixBitSuper(PanelIsa isa, int blocksAhead) {
        super(isa, 16, 16, BLOCK_BYTES, blocksAhead * BLOCK_BYTES);
    }

    @Override
    void stage(Assembler a) {
        stageWords(a, 0, SCALES + 4, 0);
        stageWord(a, BLOCK_BYTES - 4, FACTOR);
    }

    @Override
    void expand(Assembler a) {
        Vec factor = vector(0);
        Vec scales = vector(1);
        Vec scale = vector(2);
        upperHalves(a, factor, FACTOR);
        for (int run = 0; run < 16; run++) {
            if (run % 4 == 0) {
                emit(a, VMOVDQU32, scales, staged(SCALES + run / 4));
            }
            emit(a, VPSLLD, scale, scales, 24 - 8 * (run % 4));
            emit(a, VPSRAD, scale, scale, 24);
            emit(a, VCVTDQ2PS, scale, scale);
            storeScales(a, scale, factor, run);
        }
        Vec low = vector(3);
        Vec upperBits = vector(4);
        Vec offset = vector(5);
        Vec upper = vector(6);
        Vec shifted = vector(7);
        Vec quants = vector(8);
        constant(a, low, LOW_NIBBLES);
        constant(a, upperBits, UPPER_BITS);
        constant(a, offset, OFFSET);
        for (int half = 0; half < 2; half++) {
            for (int part = 0; part < 8; part++) {
                emit(a, VMOVDQU32, upper, staged(UPPER + 8 * half + part));
                for (int quarter = 0; quarter < 4; quarter++) {
                    emit(a, VMOVDQU32, quants, staged(16 * half + 8 * (quarter % 2) + part));
                    if (quarter >= 2) {
                        emit(a, VPSRLD, quants, quants, 4);
                    }
                    emit(a, VPANDD, quants, quants, low);
                    if (quarter < 2) {
                        emit(a, VPSLLD, shifted, upper, 4 - 2 * quarter);
                    } else if (quarter == 3) {
                        emit(a, VPSRLD, shifted, upper, 2);
                    }
                    Vec bits = quarter == 2 ? upper : shifted;
                    isa.orAnd(a, quants, bits, upperBits);
                    if (isa.wide()) {
                        a.emit(VPADDB, quants, quants, offset);
                    }
                    storeQuants(a, quants, 8 * half + 2 * quarter + part / 4, part % 4);
                }
            }
        }
    }
}
