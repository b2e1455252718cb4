package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Avx2RowCode.VECTOR;
import static org.llmspell.kernels.x86.Avx2RowCode.clear;
import static org.llmspell.kernels.x86.Avx2RowCode.load;
import static org.llmspell.kernels.x86.Avx2RowCode.store;
import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R11;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RBX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VADDPS;
import static org.llmspell.kernels.x86.VexOp.VBROADCASTSS;
import static org.llmspell.kernels.x86.VexOp.VFMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VFNMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VMOVSS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS;
import static org.llmspell.kernels.x86.VexOp.VMULPS;

import org.llmspell.kernels.x86.Assembler.Condition;
import org.llmspell.kernels.x86.Assembler.Label;

/**
 * {@link ScanCode} in AVX2, with the same arguments but for {@link ScanCode#REST}, which is the address of a {@linkplain Avx2RowCode#mask
 * mask} of the elements after the whole vectors, or 0 if there are none.
 */
final class Avx2ScanCode {
    private static final Vec DECAYS = ymm(8);
    private static final Vec RATES = ymm(9);
    private static final Vec SCALES = ymm(10);
    private static final Vec MASK = ymm(11);

    private Avx2ScanCode() {}

    /** @param corrects whether a value is taken relative to what the state holds for its key */
    static void write(Assembler a, boolean corrects) {
        Vec change = ymm(0);
        Vec sum = ymm(1);
        Label row = new Label();
        Label whole = new Label();
        a.push(RBX);
        a.load(RSI, at(RDI, ScanCode.BEFORE));
        a.load(RDX, at(RDI, ScanCode.AFTER));
        a.load(R8, at(RDI, ScanCode.VALUE));
        a.load(R9, at(RDI, ScanCode.OUT));
        a.load(R10, at(RDI, ScanCode.KEY));
        a.load(R11, at(RDI, ScanCode.QUERY));
        a.load(RCX, at(RDI, ScanCode.ROWS));
        a.load(RAX, at(RDI, ScanCode.REST));
        a.test(RAX, RAX);
        a.jump(Condition.EQUAL, whole);
        a.emit(VMOVUPS, MASK, at(RAX, 0));
        a.place(whole);
        a.emit(VBROADCASTSS, DECAYS, at(RDI, ScanCode.DECAY));
        a.emit(VBROADCASTSS, RATES, at(RDI, ScanCode.RATE));
        a.emit(VBROADCASTSS, SCALES, at(RDI, ScanCode.SCALE));
        a.align(32);
        a.place(row);
        a.emit(VBROADCASTSS, change, at(R8, 0));
        if (corrects) {
            clear(a, sum);
            alongRow(a, mask -> {
                load(a, ymm(2), place(RSI), mask);
                load(a, ymm(3), place(R10), mask);
                a.emit(VFMADD231PS, sum, ymm(2), ymm(3));
            });
            Lanes.join(a, VADDPS, sum, ymm(2));
            a.emit(VFNMADD231PS, change, DECAYS, sum);
        }
        a.emit(VMULPS, change, change, RATES);
        clear(a, sum);
        alongRow(a, mask -> {
            load(a, ymm(2), place(RSI), mask);
            load(a, ymm(3), place(R10), mask);
            load(a, ymm(4), place(R11), mask);
            a.emit(VMULPS, ymm(2), ymm(2), DECAYS);
            a.emit(VFMADD231PS, ymm(2), ymm(3), change);
            store(a, place(RDX), ymm(2), mask);
            a.emit(VFMADD231PS, sum, ymm(2), ymm(4));
        });
        Lanes.join(a, VADDPS, sum, ymm(2));
        a.emit(VMULPS, sum, sum, SCALES);
        a.store(VMOVSS_STORE, at(R9, 0), sum.x());
        a.load(RAX, at(RDI, ScanCode.ROW_BYTES));
        a.add(RSI, RAX);
        a.add(RDX, RAX);
        a.add(R8, Float.BYTES);
        a.add(R9, Float.BYTES);
        a.sub(RCX, 1);
        a.jump(Condition.NOT_EQUAL, row);
        a.pop(RBX);
    }

    private static Mem place(Gp base) {
        return at(base, RAX, 1, 0);
    }

    private static void alongRow(Assembler a, Avx2RowCode.Step step) {
        Label next = new Label();
        Label rest = new Label();
        Label end = new Label();
        a.mov(RAX, 0L);
        a.load(RBX, at(RDI, ScanCode.VECTORS));
        a.test(RBX, RBX);
        a.jump(Condition.EQUAL, rest);
        a.place(next);
        step.emit(null);
        a.add(RAX, VECTOR);
        a.sub(RBX, 1);
        a.jump(Condition.NOT_EQUAL, next);
        a.place(rest);
        a.load(RBX, at(RDI, ScanCode.REST));
        a.test(RBX, RBX);
        a.jump(Condition.EQUAL, end);
        step.emit(MASK);
        a.place(end);
    }
}
