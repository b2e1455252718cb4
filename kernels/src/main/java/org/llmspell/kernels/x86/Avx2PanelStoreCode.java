package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R11;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VMASKMOVPS_LOAD;
import static org.llmspell.kernels.x86.VexOp.VMASKMOVPS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS_STORE;

/** {@link PanelStoreCode} in AVX2. Its {@link PanelStoreCode#REST} is the address of a mask of the rows after the whole vectors, or 0 if there are none. */
final class Avx2PanelStoreCode {
    private static final int VECTOR = 32;

    private Avx2PanelStoreCode() {}

    static Routine routine() {
        return Routine.of(Avx2PanelStoreCode::write);
    }

    private static void write(Assembler a) {
        Vec mask = ymm(1);
        a.load(RSI, at(RDI, PanelStoreCode.SUMS));
        a.load(RDX, at(RDI, PanelStoreCode.OUT));
        a.load(R8, at(RDI, PanelStoreCode.OUT_STRIDE));
        a.load(R9, at(RDI, PanelStoreCode.TOKENS));
        a.load(R10, at(RDI, PanelStoreCode.WHOLE));
        a.load(R11, at(RDI, PanelStoreCode.REST));
        Assembler.Label token = new Assembler.Label();
        Assembler.Label vector = new Assembler.Label();
        Assembler.Label rest = new Assembler.Label();
        Assembler.Label next = new Assembler.Label();
        a.place(token);
        a.mov(RCX, 0);
        a.place(vector);
        a.cmp(RCX, R10);
        a.jump(Assembler.Condition.EQUAL, rest);
        a.emit(VMOVUPS, ymm(0), at(RSI, RCX, 1, 0));
        a.store(VMOVUPS_STORE, at(RDX, RCX, 1, 0), ymm(0));
        a.add(RCX, VECTOR);
        a.jump(vector);
        a.place(rest);
        a.test(R11, R11);
        a.jump(Assembler.Condition.EQUAL, next);
        a.emit(VMOVUPS, mask, at(R11, 0));
        a.emit(VMASKMOVPS_LOAD, ymm(0), mask, at(RSI, RCX, 1, 0));
        a.emit(VMASKMOVPS_STORE, ymm(0), mask, at(RDX, RCX, 1, 0));
        a.place(next);
        a.add(RSI, PanelCode.SUMS_STRIDE);
        a.add(RDX, R8);
        a.sub(R9, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, token);
    }
}
