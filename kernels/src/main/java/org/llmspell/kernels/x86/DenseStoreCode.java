package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Vec.zmm;

/** Takes the finished sums of 16 rows, a lane for each token, to where each token has its rows side by side. */
final class DenseStoreCode {
    /** Where the arguments stand in the block: the first group's sums, where token 0 wants them, bytes to the next token. */
    static final int SUMS = 0;

    static final int OUT = 8;
    static final int OUT_STRIDE = 16;
    static final int TOKENS = 24;
    /** A bit for each of the 16 rows that are there. */
    static final int ROWS = 32;

    private static final int ROW_MASK = 1;

    private DenseStoreCode() {}

    static Routine routine() {
        return Routine.of(DenseStoreCode::write);
    }

    static void write(Assembler a) {
        a.load(RSI, at(RDI, SUMS));
        a.load(RDX, at(RDI, OUT));
        a.load(R8, at(RDI, OUT_STRIDE));
        a.load(R9, at(RDI, TOKENS));
        a.load(RAX, at(RDI, ROWS));
        a.kmovd(ROW_MASK, RAX);
        Assembler.Label group = new Assembler.Label();
        Assembler.Label end = new Assembler.Label();
        a.align(32);
        a.place(group);
        for (int row = 0; row < 16; row++) {
            a.emit(VMOVUPS, zmm(row), at(RSI, 64 * row));
        }
        Transposition.write(a);
        for (int token = 0; token < DenseActivationCode.TOKENS; token++) {
            a.store(VMOVUPS_STORE, at(RDX, 0), zmm(token), Mask.merging(ROW_MASK), 0);
            a.add(RDX, R8);
            a.sub(R9, 1);
            a.jump(Assembler.Condition.EQUAL, end);
        }
        a.add(RSI, DenseProductCode.GROUP_SUMS);
        a.jump(group);
        a.place(end);
    }
}
