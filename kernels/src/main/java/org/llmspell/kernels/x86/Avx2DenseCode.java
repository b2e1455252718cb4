package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.DenseProductCode.FIRST;
import static org.llmspell.kernels.x86.DenseProductCode.OCTETS;
import static org.llmspell.kernels.x86.DenseProductCode.PANEL;
import static org.llmspell.kernels.x86.DenseProductCode.PANEL_STRIDE;
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
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VBROADCASTSS;
import static org.llmspell.kernels.x86.VexOp.VFMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VMASKMOVPS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.VexOp.VPXOR;

import java.util.function.Consumer;

/**
 * The dense product of float32 in AVX2: groups are of 8 tokens, a lane for each; four rows by up to three groups are the sums
 * that registers hold. Each sum is added up in order, whatever the number of tokens. Arguments are those of {@link DenseProductCode}, {@link
 * DenseActivationCode} and {@link DenseStoreCode}.
 *
 * <p>Registers of the product: ymm0 to 11 are the sums, of row r and group g in number 3r + g; ymm12 to 14 a step of the groups;
 * ymm15 a row's element. RSI is the first of the four rows, R8 the bytes of a row, R11 three times that; RDX the first group's
 * activations, R9 the bytes to the next group's; RAX the sums; R10 the rows' beginning; RCX, RBX and RBP count steps, fours of rows,
 * and groups.
 */
final class Avx2DenseCode {
    /** Tokens of a group. */
    static final int TOKENS = 8;

    /** Most groups at a time. */
    static final int MOST_GROUPS = 3;

    private static final int ROWS = 4;
    private static final int UNROLLED = 4;
    private static final int STEP_BYTES = Float.BYTES * TOKENS;
    private static final int GROUP_SUMS = DenseProductCode.ROWS * STEP_BYTES;
    private static final int STEPS_OF_LINE = 16;

    private Avx2DenseCode() {}

    static Routine product(int groups) {
        return Routine.of(a -> write(a, groups));
    }

    private static void write(Assembler a, int groups) {
        a.push(RBX);
        a.push(RBP);
        a.load(R8, at(RDI, PANEL_STRIDE));
        a.lea(R11, at(R8, R8, 2, 0));
        a.load(R9, at(RDI, X_STRIDE));
        a.load(RBP, at(RDI, TIMES));
        Assembler.Label time = new Assembler.Label();
        Assembler.Label four = new Assembler.Label();
        a.place(time);
        a.load(R10, at(RDI, PANEL));
        a.load(RBX, at(RDI, OCTETS));
        a.add(RBX, RBX);
        a.load(RAX, at(RDI, SUMS));
        a.place(four);
        a.mov(RSI, R10);
        a.load(RDX, at(RDI, X));
        begin(a, groups);
        a.load(RCX, at(RDI, STEPS));
        steps(a, groups);
        for (int row = 0; row < ROWS; row++) {
            for (int group = 0; group < groups; group++) {
                a.store(VMOVUPS_STORE, waiting(row, group), sum(row, group));
            }
        }
        a.add(RAX, ROWS * STEP_BYTES);
        a.lea(R10, at(R10, R8, ROWS, 0));
        a.sub(RBX, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, four);
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

    private static void begin(Assembler a, int groups) {
        Assembler.Label goOn = new Assembler.Label();
        Assembler.Label ready = new Assembler.Label();
        a.load(RCX, at(RDI, FIRST));
        a.test(RCX, RCX);
        a.jump(Assembler.Condition.EQUAL, goOn);
        for (int row = 0; row < ROWS; row++) {
            for (int group = 0; group < groups; group++) {
                a.emit(VPXOR, sum(row, group), sum(row, group), sum(row, group));
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

    private static void steps(Assembler a, int groups) {
        Vec weight = ymm(15);
        Assembler.Label steps = new Assembler.Label();
        a.align(32);
        a.place(steps);
        for (int step = 0; step < UNROLLED; step++) {
            for (int group = 0; group < groups; group++) {
                a.emit(VMOVUPS, activations(group), strided(RDX, R9, group, STEP_BYTES * step));
            }
            for (int row = 0; row < ROWS; row++) {
                a.emit(VBROADCASTSS, weight, strided(RSI, R8, row, Float.BYTES * step));
                for (int group = 0; group < groups; group++) {
                    a.emit(VFMADD231PS, sum(row, group), activations(group), weight);
                }
            }
        }
        a.add(RSI, Float.BYTES * UNROLLED);
        a.add(RDX, STEP_BYTES * UNROLLED);
        a.sub(RCX, UNROLLED);
        a.jump(Assembler.Condition.NOT_EQUAL, steps);
    }

    /** {@code times} strides behind {@code base}; three are in R11. */
    private static Mem strided(Gp base, Gp stride, int times, int displacement) {
        return switch (times) {
            case 0 -> at(base, displacement);
            case 1 -> at(base, stride, 1, displacement);
            case 2 -> at(base, stride, 2, displacement);
            default -> at(base, R11, 1, displacement);
        };
    }

    private static Vec sum(int row, int group) {
        return ymm(MOST_GROUPS * row + group);
    }

    private static Vec activations(int group) {
        return ymm(12 + group);
    }

    private static Mem waiting(int row, int group) {
        return at(RAX, GROUP_SUMS * group + STEP_BYTES * row);
    }

    /** Brings 8 tokens' activations into the order of the product, as {@link DenseActivationCode} does with 16. */
    static Routine activations() {
        return Routine.of(a -> {
            a.load(RSI, at(RDI, DenseActivationCode.X));
            a.load(R8, at(RDI, DenseActivationCode.STRIDE));
            a.lea(R11, at(R8, R8, 2, 0));
            a.lea(RCX, at(RSI, R8, 4, 0));
            a.load(RDX, at(RDI, DenseActivationCode.TARGET));
            a.load(R9, at(RDI, DenseActivationCode.LINES));
            a.add(R9, R9);
            Assembler.Label half = new Assembler.Label();
            a.align(32);
            a.place(half);
            for (int token = 0; token < TOKENS; token++) {
                a.emit(VMOVUPS, ymm(token), strided(token < 4 ? RSI : RCX, R8, token % 4, 0));
            }
            Avx2Transposition.square(a);
            for (int step = 0; step < STEPS_OF_LINE / 2; step++) {
                a.store(VMOVUPS_STORE, at(RDX, STEP_BYTES * step), ymm(Avx2Transposition.COLUMNS + step));
            }
            a.add(RSI, Float.BYTES * STEPS_OF_LINE / 2);
            a.add(RCX, Float.BYTES * STEPS_OF_LINE / 2);
            a.add(RDX, STEP_BYTES * STEPS_OF_LINE / 2);
            a.sub(R9, 1);
            a.jump(Assembler.Condition.NOT_EQUAL, half);
        });
    }

    /**
     * Takes the finished sums of 8 rows to where each token has its rows side by side, as {@link DenseStoreCode} does with 16. Its {@link
     * DenseStoreCode#ROWS} is the address of a mask of the rows that are there, or 0 if all are.
     */
    static Routine store() {
        return Routine.of(a -> {
            a.load(RSI, at(RDI, DenseStoreCode.SUMS));
            a.load(RDX, at(RDI, DenseStoreCode.OUT));
            a.load(R8, at(RDI, DenseStoreCode.OUT_STRIDE));
            a.load(R9, at(RDI, DenseStoreCode.TOKENS));
            a.load(R10, at(RDI, DenseStoreCode.ROWS));
            Assembler.Label some = new Assembler.Label();
            Assembler.Label end = new Assembler.Label();
            a.test(R10, R10);
            a.jump(Assembler.Condition.NOT_EQUAL, some);
            store(a, end, place -> a.store(VMOVUPS_STORE, at(RDX, 0), place));
            a.place(some);
            Vec mask = ymm(0);
            store(a, end, place -> {
                a.emit(VMOVUPS, mask, at(R10, 0));
                a.emit(VMASKMOVPS_STORE, place, mask, at(RDX, 0));
            });
            a.place(end);
        });
    }

    private static void store(Assembler a, Assembler.Label end, Consumer<Vec> put) {
        Assembler.Label group = new Assembler.Label();
        a.align(32);
        a.place(group);
        for (int row = 0; row < 8; row++) {
            a.emit(VMOVUPS, ymm(row), at(RSI, STEP_BYTES * row));
        }
        Avx2Transposition.square(a);
        for (int token = 0; token < TOKENS; token++) {
            put.accept(ymm(Avx2Transposition.COLUMNS + token));
            a.add(RDX, R8);
            a.sub(R9, 1);
            a.jump(Assembler.Condition.EQUAL, end);
        }
        a.add(RSI, GROUP_SUMS);
        a.jump(group);
    }
}
