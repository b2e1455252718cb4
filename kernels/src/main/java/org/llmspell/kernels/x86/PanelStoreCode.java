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

/** The code that copies a panel's sums, f32 {@code [tokens][32 rows]}, to where the product is wanted, leaving out rows that are not there. */
final class PanelStoreCode {
    /** Where the arguments stand in the block. */
    static final int SUMS = 0;

    static final int OUT = 8;
    /** Bytes from one token's products to the next one's. */
    static final int OUT_STRIDE = 16;

    static final int TOKENS = 24;
    /** A bit for each row that is there. */
    static final int PRESENT = 32;

    private PanelStoreCode() {}

    static Routine routine() throws ExecutableMemory.Refused {
        return Routine.of(PanelStoreCode::write);
    }

    private static void write(Assembler a) {
        a.load(RSI, at(RDI, SUMS));
        a.load(RDX, at(RDI, OUT));
        a.load(R8, at(RDI, OUT_STRIDE));
        a.load(R9, at(RDI, TOKENS));
        for (int half = 0; half < 2; half++) {
            a.load32(RAX, at(RDI, PRESENT + 2 * half));
            a.kmovd(1 + half, RAX);
        }
        Assembler.Label next = new Assembler.Label();
        a.place(next);
        for (int half = 0; half < 2; half++) {
            a.emit(VMOVUPS, zmm(half), at(RSI, 64 * half));
            a.store(VMOVUPS_STORE, at(RDX, 64 * half), zmm(half), Mask.merging(1 + half), 0);
        }
        a.add(RSI, 4 * PanelCode.ROWS);
        a.add(RDX, R8);
        a.sub(R9, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, next);
    }
}
