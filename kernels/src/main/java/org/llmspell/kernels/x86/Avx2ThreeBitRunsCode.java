package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VMOVDQU;
import static org.llmspell.kernels.x86.VexOp.VPADDB;
import static org.llmspell.kernels.x86.VexOp.VPAND;
import static org.llmspell.kernels.x86.VexOp.VPMOVSXBW;
import static org.llmspell.kernels.x86.VexOp.VPOR;
import static org.llmspell.kernels.x86.VexOp.VPSHUFB;
import static org.llmspell.kernels.x86.VexOp.VPSLLD;
import static org.llmspell.kernels.x86.VexOp.VPSLLW;
import static org.llmspell.kernels.x86.VexOp.VPSRLVD;
import static org.llmspell.kernels.x86.VexOp.VPSRLW;

/**
 * Q3_K in AVX2: sixteen runs of 16 quants of three bits, two in one place and one in another, and scales of six bits, stored 32 too
 * large, four in one place and two in another.
 */
final class Avx2ThreeBitRunsCode extends Avx2RunsCode {
    private static final int QUANTS_AT = 32;
    /** 16 bytes that end with the twelve of the scales and d, and do not reach beyond the block. */
    private static final int HEADER_AT = 94;

    private static final int SCALES_IN_HEADER = 2;
    private static final int FACTOR_AT = 108;
    private static final int BLOCK_BYTES = 110;
    private static final int EXCESS_BITS = 2;

    private static final long LOW_PAIR = Constants.bytes(i -> 0x03);

    private static final int LOWER_BYTES = 0;
    private static final int LOWER_SHIFTS = 16;
    private static final int LOWER_BITS = 32;
    private static final int UPPER_BYTES = 48;
    private static final int UPPER_SHIFTS = 64;
    private static final int UPPER_BITS = 80;
    private static final int MINUS_32 = 96;
    private static final int ORDER = 112;
    private static final int THIRD_BIT = 128;

    /** Vectors of 128 bits by which scales are put together, and one of 256 bits for quants. */
    private static final long TABLE = Constants.table(THIRD_BIT + 32, i -> switch (i / 16 * 16) {
        case LOWER_BYTES -> SCALES_IN_HEADER + i % 8;
        case LOWER_SHIFTS -> i % 4 == 0 && i % 16 >= 8 ? 4 : 0;
        case LOWER_BITS -> 0x0F;
        case UPPER_BYTES -> SCALES_IN_HEADER + 8 + i % 4;
        case UPPER_SHIFTS -> i % 4 == 0 ? i % 16 / 2 : 0;
        case UPPER_BITS -> 0x30;
        case MINUS_32 -> -32;
        case ORDER -> alternating(i);
        default -> 0x04;
    });

    private final Vec lowPair = ymm(8);
    private final Vec bits = ymm(15);

    Avx2ThreeBitRunsCode(boolean vnni, int rows, int tokens) {
        super(vnni, rows, tokens, BLOCK_BYTES, FACTOR_AT, EXCESS_BITS);
    }

    @Override
    void constants(Assembler a) {
        a.emit(VMOVDQU, lowPair, fetched(a, LOW_PAIR, 0));
    }

    @Override
    void scales(Assembler a, int row) {
        Vec header = loaded.x();
        Vec lower = quants.x();
        Vec upper = temporary.x();
        a.mov(RAX, TABLE);
        a.emit(VMOVDQU, header, weights(row, HEADER_AT));
        a.emit(VPSHUFB, lower, header, at(RAX, LOWER_BYTES));
        a.emit(VPSRLVD, lower, lower, at(RAX, LOWER_SHIFTS));
        a.emit(VPAND, lower, lower, at(RAX, LOWER_BITS));
        a.emit(VPSHUFB, upper, header, at(RAX, UPPER_BYTES));
        a.emit(VPSRLVD, upper, upper, at(RAX, UPPER_SHIFTS));
        a.emit(VPSLLD, upper, upper, 4);
        a.emit(VPAND, upper, upper, at(RAX, UPPER_BITS));
        a.emit(VPOR, lower, lower, upper);
        a.emit(VPADDB, lower, lower, at(RAX, MINUS_32));
        a.emit(VPMOVSXBW, sumFactors, lower);
        a.emit(VPSHUFB, lower, lower, at(RAX, ORDER));
        a.emit(VPMOVSXBW, scales, lower);
        a.emit(VMOVDQU, bits, weights(row, 0));
    }

    @Override
    void quants(Assembler a, int row, int part) {
        int quarter = part % 4;
        if (quarter == 0) {
            a.emit(VMOVDQU, loaded, weights(row, QUANTS_AT + 32 * (part / 4)));
            a.emit(VPAND, quants, loaded, lowPair);
        } else {
            a.emit(VPSRLW, quants, loaded, 2 * quarter);
            a.emit(VPAND, quants, quants, lowPair);
        }
        Vec moved = part == 2 ? bits : temporary;
        if (part != 2) {
            a.emit(part < 2 ? VPSLLW : VPSRLW, moved, bits, Math.abs(2 - part));
        }
        a.emit(VPAND, temporary, moved, at(RAX, THIRD_BIT));
        a.emit(VPOR, quants, quants, temporary);
    }
}
