package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VMOVDQU;
import static org.llmspell.kernels.x86.VexOp.VPAND;
import static org.llmspell.kernels.x86.VexOp.VPMOVSXBW;
import static org.llmspell.kernels.x86.VexOp.VPOR;
import static org.llmspell.kernels.x86.VexOp.VPSHUFB;
import static org.llmspell.kernels.x86.VexOp.VPSLLW;
import static org.llmspell.kernels.x86.VexOp.VPSRLW;

/** Q6_K in AVX2: sixteen runs of 16 quants of six bits, four in one place and two in another, and signed 8-bit scales. */
final class Avx2SixBitRunsCode extends Avx2RunsCode {
    private static final int UPPER_BITS_AT = 128;
    private static final int SCALES_AT = 192;
    private static final int FACTOR_AT = 208;
    private static final int BLOCK_BYTES = 210;
    private static final int EXCESS_BITS = 5;

    private static final long LOW_NIBBLE = Constants.bytes(i -> 0x0F);

    /** The upper bits' place, then the order of scales. */
    private static final long UPPER_BITS_AND_ORDER = Constants.bytes(i -> i < 32 ? 0x30 : alternating(i));

    private final Vec lowNibble = ymm(8);
    private final Vec bits = ymm(15);

    Avx2SixBitRunsCode(boolean vnni, int rows, int tokens) {
        super(vnni, rows, tokens, BLOCK_BYTES, FACTOR_AT, EXCESS_BITS);
    }

    @Override
    void constants(Assembler a) {
        a.emit(VMOVDQU, lowNibble, fetched(a, LOW_NIBBLE, 0));
    }

    @Override
    void scales(Assembler a, int row) {
        a.mov(RAX, UPPER_BITS_AND_ORDER);
        a.emit(VMOVDQU, loaded.x(), weights(row, SCALES_AT));
        a.emit(VPMOVSXBW, sumFactors, loaded.x());
        a.emit(VPSHUFB, loaded.x(), loaded.x(), at(RAX, 32));
        a.emit(VPMOVSXBW, scales, loaded.x());
    }

    @Override
    void quants(Assembler a, int row, int part) {
        int half = part / 4;
        int quarter = part % 4;
        if (quarter == 0) {
            a.emit(VMOVDQU, bits, weights(row, UPPER_BITS_AT + 32 * half));
        }
        Mem place = weights(row, 64 * half + 32 * (quarter % 2));
        if (quarter < 2) {
            a.emit(VPAND, quants, lowNibble, place);
        } else {
            a.emit(VMOVDQU, quants, place);
            a.emit(VPSRLW, quants, quants, 4);
            a.emit(VPAND, quants, quants, lowNibble);
        }
        Vec moved = quarter == 2 ? bits : temporary;
        if (quarter != 2) {
            a.emit(quarter < 2 ? VPSLLW : VPSRLW, moved, bits, Math.abs(4 - 2 * quarter));
        }
        a.emit(VPAND, temporary, moved, at(RAX, 0));
        a.emit(VPOR, quants, quants, temporary);
    }
}
