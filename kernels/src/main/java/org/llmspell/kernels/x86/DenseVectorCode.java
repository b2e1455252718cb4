package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.DenseProductCode.FIRST;
import static org.llmspell.kernels.x86.DenseProductCode.GROUP_SUMS;
import static org.llmspell.kernels.x86.DenseProductCode.OCTETS;
import static org.llmspell.kernels.x86.DenseProductCode.PANEL;
import static org.llmspell.kernels.x86.DenseProductCode.PANEL_STRIDE;
import static org.llmspell.kernels.x86.DenseProductCode.SCRATCH;
import static org.llmspell.kernels.x86.DenseProductCode.STEPS;
import static org.llmspell.kernels.x86.DenseProductCode.SUMS;
import static org.llmspell.kernels.x86.DenseProductCode.TIMES;
import static org.llmspell.kernels.x86.DenseProductCode.X;
import static org.llmspell.kernels.x86.DenseProductCode.X_STRIDE;
import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R11;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RBP;
import static org.llmspell.kernels.x86.Gp.RBX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VBROADCASTSS;
import static org.llmspell.kernels.x86.Op.VDPBF16PS;
import static org.llmspell.kernels.x86.Op.VFMADD231PS;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Vec.zmm;

/**
 * The dense product in vector registers: eight rows by up to three groups of tokens at a time, one instruction for 16 tokens and
 * a step of one row. Where that instruction takes pairs of bfloat16, sums are of pairs and otherwise in order, whatever the
 * number of tokens.
 *
 * <p>Registers: zmm0 to 23 are the sums, of row r and group g in number 3r + g; zmm24 to 26 a step of the groups; zmm27 and 28 a
 * row's elements in turn. RSI and R10 are rows 0 and 4, R8 the bytes of a row, R11 three times that; RDX the first group's
 * activations, R9 the bytes to the next group's; RAX the sums; RCX, RBX and RBP count steps, eights of rows, and groups.
 */
final class DenseVectorCode {
    /** Most groups of tokens at a time. */
    static final int MOST_GROUPS = 3;

    private static final int ROWS = 8;
    private static final int UNROLLED = 4;
    private static final int STEP_BYTES = DenseActivationCode.STEP_BYTES;

    private final DenseElement element;
    private final int groups;

    DenseVectorCode(DenseElement element, int groups) {
        this.element = element;
        this.groups = groups;
    }

    Routine routine() {
        return Routine.of(this::write);
    }

    void write(Assembler a) {
        a.push(RBX);
        a.push(RBP);
        a.load(R8, at(RDI, PANEL_STRIDE));
        a.lea(R11, at(R8, R8, 2, 0));
        a.load(R9, at(RDI, X_STRIDE));
        a.load(RBP, at(RDI, TIMES));
        Assembler.Label time = new Assembler.Label();
        Assembler.Label octet = new Assembler.Label();
        a.place(time);
        a.load(RSI, at(RDI, PANEL));
        a.store(at(RDI, SCRATCH), RSI);
        a.load(RBX, at(RDI, OCTETS));
        a.load(RAX, at(RDI, SUMS));
        a.place(octet);
        a.load(RDX, at(RDI, X));
        a.load(RCX, at(RDI, STEPS));
        a.lea(R10, at(RSI, R8, 4, 0));
        begin(a);
        steps(a);
        for (int row = 0; row < ROWS; row++) {
            for (int group = 0; group < groups; group++) {
                a.store(VMOVUPS_STORE, waiting(row, group), sum(row, group));
            }
        }
        a.add(RAX, ROWS * STEP_BYTES);
        a.load(RSI, at(RDI, SCRATCH));
        a.lea(RSI, at(RSI, R8, 8, 0));
        a.store(at(RDI, SCRATCH), RSI);
        a.sub(RBX, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, octet);
        a.load(RDX, at(RDI, X));
        for (int group = 0; group < groups; group++) {
            a.add(RDX, R9);
        }
        a.store(at(RDI, X), RDX);
        a.load(RAX, at(RDI, SUMS));
        a.add(RAX, groups * GROUP_SUMS);
        a.store(at(RDI, SUMS), RAX);
        a.sub(RBP, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, time);
        a.pop(RBP);
        a.pop(RBX);
    }

    private void begin(Assembler a) {
        Assembler.Label goOn = new Assembler.Label();
        Assembler.Label ready = new Assembler.Label();
        // R10's loop has not begun: RSI is known from memory, so that it can hold the question
        a.load(RSI, at(RDI, FIRST));
        a.test(RSI, RSI);
        a.load(RSI, at(RDI, SCRATCH));
        a.jump(Assembler.Condition.EQUAL, goOn);
        for (int row = 0; row < ROWS; row++) {
            for (int group = 0; group < groups; group++) {
                a.emit(VPXORD, sum(row, group), sum(row, group), sum(row, group));
            }
        }
        a.jump(ready);
        a.place(goOn);
        for (int row = 0; row < ROWS; row++) {
            for (int group = 0; group < groups; group++) {
                a.emit(VMOVUPS, sum(row, group), waiting(row, group));
            }
        }
        a.place(ready);
    }

    private void steps(Assembler a) {
        Op multiplyAdd = element == DenseElement.BFLOAT16 ? VDPBF16PS : VFMADD231PS;
        Assembler.Label steps = new Assembler.Label();
        a.align(32);
        a.place(steps);
        for (int step = 0; step < UNROLLED; step++) {
            for (int group = 0; group < groups; group++) {
                a.emit(VMOVUPS, activations(group), place(RDX, R9, group, STEP_BYTES * step));
            }
            for (int row = 0; row < ROWS; row++) {
                Vec weight = zmm(27 + row % 2);
                a.emit(VBROADCASTSS, weight, place(row < 4 ? RSI : R10, R8, row % 4, 4 * step));
                for (int group = 0; group < groups; group++) {
                    a.emit(multiplyAdd, sum(row, group), activations(group), weight);
                }
            }
        }
        a.add(RSI, 4 * UNROLLED);
        a.add(R10, 4 * UNROLLED);
        a.add(RDX, STEP_BYTES * UNROLLED);
        a.sub(RCX, UNROLLED);
        a.jump(Assembler.Condition.NOT_EQUAL, steps);
    }

    /** {@code times} strides behind {@code base}. */
    private static Mem place(Gp base, Gp stride, int times, int displacement) {
        return switch (times) {
            case 0 -> at(base, displacement);
            case 1 -> at(base, stride, 1, displacement);
            case 2 -> at(base, stride, 2, displacement);
            default -> at(base, R11, 1, displacement);
        };
    }

    private static Vec sum(int row, int group) {
        return zmm(MOST_GROUPS * row + group);
    }

    private static Vec activations(int group) {
        return zmm(24 + group);
    }

    private static Mem waiting(int row, int group) {
        return at(RAX, GROUP_SUMS * group + STEP_BYTES * row);
    }
}
