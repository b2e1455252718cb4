package org.llmspell.kernels.x86;

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
import static org.llmspell.kernels.x86.Op.VADDPS;
import static org.llmspell.kernels.x86.Op.VBROADCASTSS;
import static org.llmspell.kernels.x86.Op.VFMADD231PS;
import static org.llmspell.kernels.x86.Op.VFNMADD231PS;
import static org.llmspell.kernels.x86.Op.VMOVSS_STORE;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Vec.zmm;

import org.llmspell.kernels.ScanCall;
import org.llmspell.kernels.x86.Assembler.Condition;
import org.llmspell.kernels.x86.Assembler.Label;

/**
 * The code of one token's step of a {@link ScanCall} for all rows of one head's state. Rows depend on nothing of each other, so that the
 * processor overlaps them by itself.
 *
 * <p>Registers: RSI is the row of the state before, RDX of the state after, R8 the row's value and R9 its result; R10 the key and
 * R11 the query; RCX counts rows, RAX goes along the row and RBX counts its vectors.
 */
final class ScanCode {
    /** Where the arguments stand in the block: states before and after, values, results, key, query. */
    static final int BEFORE = 0;

    static final int AFTER = 8;
    static final int VALUE = 16;
    static final int OUT = 24;
    static final int KEY = 32;
    static final int QUERY = 40;
    static final int ROWS = 48;
    /** Whole vectors of a row, and a bit for each element after them. */
    static final int VECTORS = 56;

    static final int REST = 64;
    static final int ROW_BYTES = 72;
    static final int DECAY = 80;
    static final int RATE = 84;
    static final int SCALE = 88;
    static final int ARGUMENT_BYTES = 128;

    private static final int TAIL = 1;

    private static final Vec DECAYS = zmm(16);
    private static final Vec RATES = zmm(17);
    private static final Vec SCALES = zmm(18);

    private ScanCode() {}

    /** @param corrects whether a value is taken relative to what the state holds for its key */
    static void write(Assembler a, boolean corrects) {
        Vec change = zmm(0);
        Vec sum = zmm(1);
        Label row = new Label();
        a.push(RBX);
        a.load(RSI, at(RDI, BEFORE));
        a.load(RDX, at(RDI, AFTER));
        a.load(R8, at(RDI, VALUE));
        a.load(R9, at(RDI, OUT));
        a.load(R10, at(RDI, KEY));
        a.load(R11, at(RDI, QUERY));
        a.load(RCX, at(RDI, ROWS));
        a.load32(RAX, at(RDI, REST));
        a.kmovd(TAIL, RAX);
        a.emit(VBROADCASTSS, DECAYS, at(RDI, DECAY));
        a.emit(VBROADCASTSS, RATES, at(RDI, RATE));
        a.emit(VBROADCASTSS, SCALES, at(RDI, SCALE));
        a.align(32);
        a.place(row);
        a.emit(VBROADCASTSS, change, at(R8, 0));
        if (corrects) {
            a.emit(VPXORD, sum, sum, sum);
            alongRow(a, mask -> {
                a.emit(VMOVUPS, zmm(2), place(RSI), mask);
                a.emit(VMOVUPS, zmm(3), place(R10), mask);
                a.emit(VFMADD231PS, sum, zmm(2), zmm(3));
            });
            Lanes.join(a, VADDPS, sum, zmm(2));
            a.emit(VFNMADD231PS, change, DECAYS, sum);
        }
        a.emit(VMULPS, change, change, RATES);
        a.emit(VPXORD, sum, sum, sum);
        alongRow(a, mask -> {
            a.emit(VMOVUPS, zmm(2), place(RSI), mask);
            a.emit(VMOVUPS, zmm(3), place(R10), mask);
            a.emit(VMOVUPS, zmm(4), place(R11), mask);
            a.emit(VMULPS, zmm(2), zmm(2), DECAYS);
            a.emit(VFMADD231PS, zmm(2), zmm(3), change);
            Mask stored = mask.number() == 0 ? Mask.NONE : Mask.merging(TAIL);
            a.store(VMOVUPS_STORE, place(RDX), zmm(2), stored, 0);
            a.emit(VFMADD231PS, sum, zmm(2), zmm(4));
        });
        Lanes.join(a, VADDPS, sum, zmm(2));
        a.emit(VMULPS, sum, sum, SCALES);
        a.store(VMOVSS_STORE, at(R9, 0), sum.x());
        a.load(RAX, at(RDI, ROW_BYTES));
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

    private static void alongRow(Assembler a, RowCode.Step step) {
        Label next = new Label();
        Label rest = new Label();
        Label end = new Label();
        a.mov(RAX, 0L);
        a.load(RBX, at(RDI, VECTORS));
        a.test(RBX, RBX);
        a.jump(Condition.EQUAL, rest);
        a.place(next);
        step.emit(Mask.NONE);
        a.add(RAX, 64);
        a.sub(RBX, 1);
        a.jump(Condition.NOT_EQUAL, next);
        a.place(rest);
        a.load(RBX, at(RDI, REST));
        a.test(RBX, RBX);
        a.jump(Condition.EQUAL, end);
        step.emit(Mask.zeroing(TAIL));
        a.place(end);
    }
}
