package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VMOVDQU;
import static org.llmspell.kernels.x86.VexOp.VPAND;
import static org.llmspell.kernels.x86.VexOp.VPMOVZXBW;
import static org.llmspell.kernels.x86.VexOp.VPSHUFB;
import static org.llmspell.kernels.x86.VexOp.VPSRLW;

/** Q2_K in AVX2: sixteen runs of 16 quants of two bits, scales and minima of four. */
final class Avx2TwoBitRunsCode extends Avx2RunsCode {
    private static final int QUANTS_AT = 16;
    private static final int FACTORS_AT = 80;
    private static final int BLOCK_BYTES = 84;

    private static final long LOW_PAIR = Constants.bytes(i -> 0x03);

    /** A nibble's place, then the order of scales. */
    private static final long NIBBLE_AND_ORDER = Constants.bytes(i -> i < 32 ? 0x0F : alternating(i));

    private final Vec lowPair = ymm(8);

    Avx2TwoBitRunsCode(boolean vnni, int rows, int tokens) {
        super(vnni, rows, tokens, BLOCK_BYTES, FACTORS_AT, 0);
    }

    @Override
    void constants(Assembler a) {
        a.emit(VMOVDQU, lowPair, fetched(a, LOW_PAIR, 0));
    }

    @Override
    void scales(Assembler a, int row) {
        Vec packed = loaded.x();
        Vec nibbles = quants.x();
        a.mov(RAX, NIBBLE_AND_ORDER);
        a.emit(VMOVDQU, packed, weights(row, 0));
        a.emit(VPAND, nibbles, packed, at(RAX, 0));
        a.emit(VPSHUFB, nibbles, nibbles, at(RAX, 32));
        a.emit(VPMOVZXBW, scales, nibbles);
        a.emit(VPSRLW, packed, packed, 4);
        a.emit(VPAND, packed, packed, at(RAX, 0));
        a.emit(VPMOVZXBW, sumFactors, packed);
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
    }
}
