package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Lanes.SWAP_HALVES;
import static org.llmspell.kernels.x86.Lanes.SWAP_NEIGHBOURS;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VADDPS;
import static org.llmspell.kernels.x86.VexOp.VCVTPH2PS;
import static org.llmspell.kernels.x86.VexOp.VEXTRACTI128;
import static org.llmspell.kernels.x86.VexOp.VMOVSS_STORE;
import static org.llmspell.kernels.x86.VexOp.VPBROADCASTW;
import static org.llmspell.kernels.x86.VexOp.VPSHUFD;
import static org.llmspell.kernels.x86.VexOp.VPXOR;

/**
 * A product in AVX2: sums of 256 bits, at most in ymm0 to ymm7; the other registers are the subclass's, but nothing stays in ymm15
 * from one row to the next.
 */
abstract class Avx2ProductCode extends ProductCode {

    Avx2ProductCode(int rows, int tokens, Step step) {
        super(rows, tokens, step);
    }

    /** The sum of row {@code row} and token {@code token}. */
    final Vec narrowSum(int row, int token) {
        return sum(row, token).y();
    }

    @Override
    final void clear(Assembler a, Vec sum) {
        a.emit(VPXOR, sum.y(), sum.y(), sum.y());
    }

    @Override
    final void storeTotal(Assembler a, Mem place, Vec sum) {
        Vec total = sum.x();
        Vec part = ymm(15).x();
        a.store(VEXTRACTI128, part, sum.y(), 1);
        a.emit(VADDPS, total, total, part);
        a.emit(VPSHUFD, part, total, SWAP_HALVES);
        a.emit(VADDPS, total, total, part);
        a.emit(VPSHUFD, part, total, SWAP_NEIGHBOURS);
        a.emit(VADDPS, total, total, part);
        a.store(VMOVSS_STORE, place, total);
    }

    /** The half at byte {@code offset} of the block of row {@code row}, as float32 in every lane. */
    static void half(Assembler a, Vec vector, int row, int offset) {
        a.emit(VPBROADCASTW, vector.x(), weights(row, offset));
        a.emit(VCVTPH2PS, vector, vector.x());
    }

    /** What is at byte {@code offset} of the constants at {@code address}, by R10. */
    static Mem fetched(Assembler a, long address, int offset) {
        a.mov(R10, address);
        return at(R10, offset);
    }
}
