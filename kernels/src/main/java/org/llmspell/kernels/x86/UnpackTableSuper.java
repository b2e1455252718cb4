package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPORD;
import static org.llmspell.kernels.x86.Op.VPSHUFB;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSRLD;
import static org.llmspell.kernels.x86.Op.VPSUBD;
import static org.llmspell.kernels.x86.Vec.zmm;

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
    private static final long NIBBLE = Constants.ints(i -> 0x0F);
    private static final long UPPER_TWO = Constants.ints(i -> 0x30);
    private static final long SCALE_OFFSET = Constants.ints(i -> 32);

    UnpackTableSuper(int blocksAhead) {
        super(32, 8, BLOCK_BYTES, blocksAhead * BLOCK_BYTES);
    }

    @Override
    void stage(Assembler a) {
        stageWords(a, 0, BLOCK_BYTES / 4, 0);
    }

    @Override
    void expand(Assembler a) {
        scales(a);
        Vec low = zmm(0);
        Vec levels = zmm(1);
        Vec packed = zmm(2);
        Vec quants = zmm(3);
        constant(a, low, LOW_NIBBLES);
        constant(a, levels, LEVELS);
        for (int word = 0; word < 32; word++) {
            a.emit(VMOVDQU32, packed, staged(QUANTS + word));
            a.emit(VPANDD, quants, packed, low);
            a.emit(VPSHUFB, quants, levels, quants);
            storeQuants(a, quants, word / 4, word % 4);
            a.emit(VPSRLD, packed, packed, 4);
            a.emit(VPANDD, quants, packed, low);
            a.emit(VPSHUFB, quants, levels, quants);
            storeQuants(a, quants, word / 4, 4 + word % 4);
        }
    }

    private void scales(Assembler a) {
        Vec factor = zmm(0);
        Vec nibble = zmm(1);
        Vec upperTwo = zmm(2);
        Vec offset = zmm(3);
        Vec lower = zmm(4);
        Vec upper = zmm(5);
        Vec scale = zmm(6);
        Vec temporary = zmm(7);
        lowerHalves(a, factor, 0);
        constant(a, nibble, NIBBLE);
        constant(a, upperTwo, UPPER_TWO);
        constant(a, offset, SCALE_OFFSET);
        a.emit(VMOVDQU32, lower, staged(1));
        a.emit(VMOVDQU32, upper, staged(0));
        a.emit(VPSRLD, upper, upper, 16);
        for (int run = 0; run < 8; run++) {
            a.emit(VPSRLD, scale, lower, 4 * run);
            a.emit(VPANDD, scale, scale, nibble);
            if (run < 2) {
                a.emit(VPSLLD, temporary, upper, 4 - 2 * run);
            } else {
                a.emit(VPSRLD, temporary, upper, 2 * run - 4);
            }
            a.emit(VPANDD, temporary, temporary, upperTwo);
            a.emit(VPORD, scale, scale, temporary);
            a.emit(VPSUBD, scale, scale, offset);
            a.emit(VCVTDQ2PS, scale, scale);
            storeScales(a, scale, factor, run);
        }
    }
}
