package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPADDB;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSRAD;
import static org.llmspell.kernels.x86.Op.VPSRLD;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Op.VSUBPS;

/**
 * Unpacks Q2_K and Q3_K. Words of a Q2_K block: four of scales and minima, a nibble each; 16 of two-bit quants; d and dmin. Of a Q3_K
 * block: eight of third bits, 16 of two-bit quants, three of six-bit scales; then the half d.
 */
final class UnpackLowSuper extends UnpackCode {
    private static final int Q2_BYTES = 84;
    private static final int Q3_BYTES = 110;

    private static final int Q2_QUANTS = 4;
    private static final int Q2_FACTORS = 20;
    private static final int Q3_QUANTS = 8;
    private static final int Q3_SCALES = 24;
    private static final int Q3_FACTOR = 27;

    private static final long TWO_BITS = Constants.bytes(i -> 0x03);
    private static final long THIRD = Constants.bytes(i -> 0x04);
    private static final long UPPER_TWO = Constants.bytes(i -> 0x30);
    /** Quants are 4 too large with their third bit, and 128 too large in a panel of AVX-512. */
    private static final long OFFSET = Constants.bytes(i -> 128 - 4);

    /** Scales are 32 too large. As signed bytes, 32 less is 224 more. */
    private static final long SCALE_OFFSET = Constants.bytes(i -> -32);

    private final boolean thirdBit;

    UnpackLowSuper(PanelIsa isa, boolean thirdBit, int blocksAhead) {
        super(isa, 16, 16, thirdBit ? Q3_BYTES : Q2_BYTES, blocksAhead * (thirdBit ? Q3_BYTES : Q2_BYTES));
        this.thirdBit = thirdBit;
    }

    @Override
    void stage(Assembler a) {
        if (thirdBit) {
            stageWords(a, 0, Q3_FACTOR, 0);
            stageWord(a, Q3_BYTES - 4, Q3_FACTOR);
        } else {
            stageWords(a, 0, Q2_BYTES / 4, 0);
        }
    }

    @Override
    void expand(Assembler a) {
        if (thirdBit) {
            sixBitScales(a);
        } else {
            nibbleScales(a);
        }
        Vec twoBits = vector(0);
        Vec third = vector(1);
        Vec offset = vector(2);
        Vec packed = vector(3);
        Vec quants = vector(4);
        Vec bits = vector(5);
        Vec shifted = vector(6);
        constant(a, twoBits, TWO_BITS);
        constant(a, third, THIRD);
        constant(a, offset, OFFSET);
        for (int part = 0; part < 8; part++) {
            if (thirdBit) {
                emit(a, VMOVDQU32, bits, staged(part));
            }
            for (int half = 0; half < 2; half++) {
                emit(a, VMOVDQU32, packed, staged((thirdBit ? Q3_QUANTS : Q2_QUANTS) + 8 * half + part));
                for (int quarter = 0; quarter < 4; quarter++) {
                    Vec source = packed;
                    if (quarter > 0) {
                        source = quants;
                        emit(a, VPSRLD, quants, packed, 2 * quarter);
                    }
                    emit(a, VPANDD, quants, source, twoBits);
                    if (thirdBit) {
                        int bit = 4 * half + quarter;
                        Vec moved = bits;
                        if (bit != 2) {
                            moved = shifted;
                            emit(a, bit < 2 ? VPSLLD : VPSRLD, shifted, bits, Math.abs(bit - 2));
                        }
                        isa.orAnd(a, quants, moved, third);
                        if (isa.wide()) {
                            a.emit(VPADDB, quants, quants, offset);
                        }
                    }
                    storeQuants(a, quants, 8 * half + 2 * quarter + part / 4, part % 4);
                }
            }
        }
    }

    private void nibbleScales(Assembler a) {
        Vec factor = vector(0);
        Vec minimumFactor = vector(1);
        Vec low = vector(2);
        Vec mask = vector(3);
        Vec scales = vector(4);
        Vec minima = vector(5);
        Vec temporary = vector(6);
        lowerHalves(a, factor, Q2_FACTORS);
        upperHalves(a, temporary, Q2_FACTORS);
        emit(a, VPXORD, minimumFactor, minimumFactor, minimumFactor);
        emit(a, VSUBPS, minimumFactor, minimumFactor, temporary);
        constant(a, low, LOW_NIBBLES);
        constant(a, mask, BYTE);
        for (int run = 0; run < 16; run++) {
            if (run % 4 == 0) {
                emit(a, VMOVDQU32, minima, staged(run / 4));
                emit(a, VPANDD, scales, minima, low);
                emit(a, VPSRLD, minima, minima, 4);
                emit(a, VPANDD, minima, minima, low);
            }
            byteToFloat(a, temporary, scales, run % 4, mask);
            storeScales(a, temporary, factor, run);
            byteToFloat(a, temporary, minima, run % 4, mask);
            emit(a, VMULPS, temporary, temporary, minimumFactor);
            storeMinima(a, temporary, run);
        }
    }

    /** Lower nibbles are in the two first words, eight and eight; upper two bits in the third, four and four and four and four. */
    private void sixBitScales(Assembler a) {
        Vec factor = vector(0);
        Vec low = vector(1);
        Vec upperTwo = vector(2);
        Vec offset = vector(3);
        Vec upper = vector(4);
        Vec shifted = vector(5);
        Vec scales = vector(6);
        Vec scale = vector(7);
        upperHalves(a, factor, Q3_FACTOR);
        constant(a, low, LOW_NIBBLES);
        constant(a, upperTwo, UPPER_TWO);
        constant(a, offset, SCALE_OFFSET);
        emit(a, VMOVDQU32, upper, staged(Q3_SCALES + 2));
        for (int run = 0; run < 16; run++) {
            int word = run / 4;
            if (run % 4 == 0) {
                emit(a, VMOVDQU32, scales, staged(Q3_SCALES + word % 2));
                if (word >= 2) {
                    emit(a, VPSRLD, scales, scales, 4);
                }
                emit(a, VPANDD, scales, scales, low);
                Vec moved = upper;
                if (word != 2) {
                    moved = shifted;
                    emit(a, word < 2 ? VPSLLD : VPSRLD, shifted, upper, Math.abs(4 - 2 * word));
                }
                isa.orAnd(a, scales, moved, upperTwo);
                emit(a, VPADDB, scales, scales, offset);
            }
            emit(a, VPSLLD, scale, scales, 24 - 8 * (run % 4));
            emit(a, VPSRAD, scale, scale, 24);
            emit(a, VCVTDQ2PS, scale, scale);
            storeScales(a, scale, factor, run);
        }
    }
}
