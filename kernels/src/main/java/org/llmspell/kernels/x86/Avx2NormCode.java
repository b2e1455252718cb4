package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Avx2RowCode.FIRST_NUMBER;
import static org.llmspell.kernels.x86.Avx2RowCode.SECOND_NUMBER;
import static org.llmspell.kernels.x86.Avx2RowCode.VECTOR;
import static org.llmspell.kernels.x86.Avx2RowCode.clear;
import static org.llmspell.kernels.x86.Avx2RowCode.constant;
import static org.llmspell.kernels.x86.Avx2RowCode.load;
import static org.llmspell.kernels.x86.Avx2RowCode.loop;
import static org.llmspell.kernels.x86.Avx2RowCode.operands;
import static org.llmspell.kernels.x86.Avx2RowCode.store;
import static org.llmspell.kernels.x86.Avx2RowCode.sum;
import static org.llmspell.kernels.x86.Avx2RowCode.total;
import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VADDPS;
import static org.llmspell.kernels.x86.VexOp.VANDNPS;
import static org.llmspell.kernels.x86.VexOp.VANDPS;
import static org.llmspell.kernels.x86.VexOp.VBROADCASTSS;
import static org.llmspell.kernels.x86.VexOp.VCMPPS;
import static org.llmspell.kernels.x86.VexOp.VDIVPS;
import static org.llmspell.kernels.x86.VexOp.VFMADD213PS;
import static org.llmspell.kernels.x86.VexOp.VFMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VMAXPS;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS;
import static org.llmspell.kernels.x86.VexOp.VMULPS;
import static org.llmspell.kernels.x86.VexOp.VORPS;
import static org.llmspell.kernels.x86.VexOp.VSQRTPS;
import static org.llmspell.kernels.x86.VexOp.VSUBPS;

/** The code of what takes a whole row to one size, in AVX2: normalizations and softmax. */
final class Avx2NormCode {
    private static final long ONES = Avx2RowCode.floats(1);
    private static final long MINUS_INFINITY = Avx2RowCode.floats(Float.NEGATIVE_INFINITY);
    /** Four sums from this register on. */
    private static final int SUMS = 4;

    /** As a condition of a comparison: not less, or one is no number. */
    private static final int NOT_LESS = 5;

    private Avx2NormCode() {}

    /** A = B / sqrt(Σ B² · first number + second number) · C; the first number is 1 / count, the second epsilon. */
    static void rmsNorm(Assembler a) {
        operands(a);
        clearSums(a);
        sum(a, new int[] {0, VECTOR}, (sum, offset, mask) -> {
            load(a, ymm(0), at(RDX, offset), mask);
            a.emit(VFMADD231PS, ymm(SUMS + sum), ymm(0), ymm(0));
        });
        inverseRoot(a);
        operands(a);
        loop(a, new int[] {VECTOR, VECTOR, VECTOR}, mask -> {
            load(a, ymm(0), at(RDX, 0), mask);
            load(a, ymm(1), at(R8, 0), mask);
            a.emit(VMULPS, ymm(0), ymm(0), ymm(SUMS));
            a.emit(VMULPS, ymm(0), ymm(0), ymm(1));
            store(a, at(RSI, 0), ymm(0), mask);
        });
    }

    /** A = (B − mean) / sqrt(variance + second number); the first number is 1 / count. */
    static void layerNorm(Assembler a) {
        Vec mean = ymm(8);
        operands(a);
        clearSums(a);
        sum(a, new int[] {0, VECTOR}, (sum, offset, mask) -> {
            load(a, ymm(0), at(RDX, offset), mask);
            a.emit(VADDPS, ymm(SUMS + sum), ymm(SUMS + sum), ymm(0));
        });
        total(a, VADDPS, SUMS);
        a.emit(VBROADCASTSS, mean, at(RDI, FIRST_NUMBER));
        a.emit(VMULPS, mean, mean, ymm(SUMS));
        operands(a);
        clearSums(a);
        sum(a, new int[] {0, VECTOR}, (sum, offset, mask) -> {
            load(a, ymm(0), at(RDX, offset), mask);
            a.emit(VSUBPS, ymm(0), ymm(0), mean);
            if (mask != null) {
                a.emit(VANDPS, ymm(0), ymm(0), mask);
            }
            a.emit(VFMADD231PS, ymm(SUMS + sum), ymm(0), ymm(0));
        });
        inverseRoot(a);
        operands(a);
        loop(a, new int[] {VECTOR, VECTOR}, mask -> {
            load(a, ymm(0), at(RDX, 0), mask);
            a.emit(VSUBPS, ymm(0), ymm(0), mean);
            a.emit(VMULPS, ymm(0), ymm(0), ymm(SUMS));
            store(a, at(RSI, 0), ymm(0), mask);
        });
    }

    /** A = e^(A − max) / Σ e^(A − max). */
    static void softmax(Assembler a) {
        Vec maximum = ymm(8);
        Vec infinity = ymm(9);
        operands(a);
        constant(a, infinity, MINUS_INFINITY);
        for (int i = 0; i < 4; i++) {
            a.emit(VMOVUPS, ymm(SUMS + i), infinity);
        }
        sum(a, new int[] {VECTOR}, (sum, offset, mask) -> {
            load(a, ymm(0), at(RSI, offset), mask);
            if (mask != null) {
                a.emit(VANDNPS, ymm(1), mask, infinity);
                a.emit(VORPS, ymm(0), ymm(0), ymm(1));
            }
            a.emit(VMAXPS, ymm(SUMS + sum), ymm(SUMS + sum), ymm(0));
        });
        total(a, VMAXPS, SUMS);
        a.emit(VMOVUPS, maximum, ymm(SUMS));
        operands(a);
        clearSums(a);
        Avx2Exponential.prepare(a, R10);
        sum(a, new int[] {VECTOR}, (sum, offset, mask) -> {
            Vec kept = ymm(9);
            load(a, ymm(0), at(RSI, offset), mask);
            a.emit(VSUBPS, ymm(0), ymm(0), maximum);
            // What is hidden by minus infinity gets nothing; what is no number stays none, whatever the maximum is.
            a.emit(VCMPPS, kept, ymm(0), Avx2Exponential.least(R10), NOT_LESS);
            Avx2Exponential.emit(a, R10, ymm(0), ymm(1), ymm(2), ymm(3));
            a.emit(VANDPS, ymm(0), ymm(0), kept);
            if (mask != null) {
                a.emit(VANDPS, ymm(0), ymm(0), mask);
            }
            a.emit(VADDPS, ymm(SUMS + sum), ymm(SUMS + sum), ymm(0));
            store(a, at(RSI, offset), ymm(0), mask);
        });
        total(a, VADDPS, SUMS);
        constant(a, ymm(0), ONES);
        a.emit(VDIVPS, ymm(SUMS), ymm(0), ymm(SUMS));
        operands(a);
        loop(a, new int[] {VECTOR}, mask -> {
            load(a, ymm(0), at(RSI, 0), mask);
            a.emit(VMULPS, ymm(0), ymm(0), ymm(SUMS));
            store(a, at(RSI, 0), ymm(0), mask);
        });
    }

    private static void clearSums(Assembler a) {
        for (int i = 0; i < 4; i++) {
            clear(a, ymm(SUMS + i));
        }
    }

    /** The first sum becomes {@code 1 / sqrt(total · first number + second number)} in every lane. */
    private static void inverseRoot(Assembler a) {
        Vec sum = ymm(SUMS);
        total(a, VADDPS, SUMS);
        a.emit(VBROADCASTSS, ymm(1), at(RDI, SECOND_NUMBER));
        a.emit(VBROADCASTSS, ymm(0), at(RDI, FIRST_NUMBER));
        a.emit(VFMADD213PS, sum, ymm(0), ymm(1));
        a.emit(VSQRTPS, sum, sum);
        constant(a, ymm(0), ONES);
        a.emit(VDIVPS, sum, ymm(0), sum);
    }
}
