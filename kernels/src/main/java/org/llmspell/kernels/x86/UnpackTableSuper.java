package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPORD;
import static org.llmspell.kernels.x86.Op.VPSHUFB;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSRLD;
import static org.llmspell.kernels.x86.Op.VPSUBD;

import org.llmspell.kernels.format.TableBlocks;

/**
 * Unpacks IQ4_XS. Words of a block: d and eight times two upper bits of scales; eight nibbles, the lower bits of scales; 32 of nibbles that
 * are numbers of levels, of which four make a run.
 */
final class UnpackTableSuper extends UnpackCode {
    private static final int BLOCK_BYTES = 136;
    private static final int QUANTS = 2;

    private static final byte[] NONLINEAR = TableBlocks.nonlinearLevels();
    private static final long LEVELS = Constants.bytes(i -> NONLINEAR[i % 16] + 128);
    private static final long SIGNED_LEVELS = Constants.bytes(i -> NONLINEAR[i % 16]);
    private static final long NIBBLE = Constants.ints(i -> 0x0F);
    private static final long UPPER_TWO = Constants.ints(i -> 0x30);
    private static final long SCALE_OFFSET = Constants.ints(i -> 32);

    UnpackTableSuper(PanelIsa isa, int blocksAhead) {
        super(isa, 32, 8, BLOCK_BYTES, blocksAhead * BLOCK_BYTES);
    }

    @Override
    void stage(Assembler a) {
        stageWords(a, 0, BLOCK_BYTES / 4, 0);
    }

    @Override
    void expand(Assembler a) {
        scales(a);
        Vec low = vector(0);
        Vec levels = vector(1);
        Vec packed = vector(2);
        Vec quants = vector(3);
        constant(a, low, LOW_NIBBLES);
        constant(a, levels, isa == PanelIsa.AVX2 ? SIGNED_LEVELS : LEVELS);
        for (int word = 0; word < 32; word++) {
            emit(a, VMOVDQU32, packed, staged(QUANTS + word));
            emit(a, VPANDD, quants, packed, low);
            emit(a, VPSHUFB, quants, levels, quants);
            storeQuants(a, quants, word / 4, word % 4);
            emit(a, VPSRLD, packed, packed, 4);
            emit(a, VPANDD, quants, packed, low);
            emit(a, VPSHUFB, quants, levels, quants);
            storeQuants(a, quants, word / 4, 4 + word % 4);
        }
    }

    private void scales(Assembler a) {
        Vec factor = vector(0);
        Vec nibble = vector(1);
        Vec upperTwo = vector(2);
        Vec offset = vector(3);
        Vec lower = vector(4);
        Vec upper = vector(5);
        Vec scale = vector(6);
        Vec temporary = vector(7);
        lowerHalves(a, factor, 0);
        constant(a, nibble, NIBBLE);
        constant(a, upperTwo, UPPER_TWO);
        constant(a, offset, SCALE_OFFSET);
        emit(a, VMOVDQU32, lower, staged(1));
        emit(a, VMOVDQU32, upper, staged(0));
        emit(a, VPSRLD, upper, upper, 16);
        for (int run = 0; run < 8; run++) {
            emit(a, VPSRLD, scale, lower, 4 * run);
            emit(a, VPANDD, scale, scale, nibble);
            if (run < 2) {
                emit(a, VPSLLD, temporary, upper, 4 - 2 * run);
            } else {
                emit(a, VPSRLD, temporary, upper, 2 * run - 4);
            }
            emit(a, VPANDD, temporary, temporary, upperTwo);
            emit(a, VPORD, scale, scale, temporary);
            emit(a, VPSUBD, scale, scale, offset);
            emit(a, VCVTDQ2PS, scale, scale);
            storeScales(a, scale, factor, run);
        }
    }
}
