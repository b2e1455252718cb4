package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Vec.zmm;

/** The code that copies the sums of panels, see {@link PanelCode}, to where the product is wanted: rows that are there, token by token. */
final class PanelStoreCode {
    /** Where the arguments stand in the block. */
    static final int SUMS = 0;

    static final int OUT = 8;
    /** Bytes from one token's products to the next one's. */
    static final int OUT_STRIDE = 16;

    static final int TOKENS = 24;
    /** Bytes of whole vectors of 16 rows, and a bit for each row after them. */
    static final int WHOLE = 32;

    static final int REST = 40;

    private PanelStoreCode() {}

    static Routine routine() {
        return Routine.of(PanelStoreCode::write);
    }

    private static void write(Assembler a) {
        a.load(RSI, at(RDI, SUMS));
        a.load(RDX, at(RDI, OUT));
        a.load(R8, at(RDI, OUT_STRIDE));
        a.load(R9, at(RDI, TOKENS));
        a.load(R10, at(RDI, WHOLE));
        a.load(RAX, at(RDI, REST));
        a.kmovd(1, RAX);
        Assembler.Label token = new Assembler.Label();
        Assembler.Label vector = new Assembler.Label();
        Assembler.Label rest = new Assembler.Label();
        a.place(token);
        a.mov(RCX, 0);
        a.place(vector);
        a.cmp(RCX, R10);
        a.jump(Assembler.Condition.EQUAL, rest);
        a.emit(VMOVUPS, zmm(0), at(RSI, RCX, 1, 0));
        a.store(VMOVUPS_STORE, at(RDX, RCX, 1, 0), zmm(0));
        a.add(RCX, 64);
        a.jump(vector);
        a.place(rest);
        // A mask of nothing touches nothing.
        a.emit(VMOVUPS, zmm(0), at(RSI, RCX, 1, 0), Mask.zeroing(1));
        a.store(VMOVUPS_STORE, at(RDX, RCX, 1, 0), zmm(0), Mask.merging(1), 0);
        a.add(RSI, PanelCode.SUMS_STRIDE);
        a.add(RDX, R8);
        a.sub(R9, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, token);
    }
}
