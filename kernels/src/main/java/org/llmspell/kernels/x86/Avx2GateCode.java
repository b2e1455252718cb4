package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Avx2RowCode.FIRST_NUMBER;
import static org.llmspell.kernels.x86.Avx2RowCode.FOURTH_NUMBER;
import static org.llmspell.kernels.x86.Avx2RowCode.SECOND_NUMBER;
import static org.llmspell.kernels.x86.Avx2RowCode.THIRD_NUMBER;
import static org.llmspell.kernels.x86.Avx2RowCode.VECTOR;
import static org.llmspell.kernels.x86.Avx2RowCode.clear;
import static org.llmspell.kernels.x86.Avx2RowCode.constant;
import static org.llmspell.kernels.x86.Avx2RowCode.load;
import static org.llmspell.kernels.x86.Avx2RowCode.loop;
import static org.llmspell.kernels.x86.Avx2RowCode.operands;
import static org.llmspell.kernels.x86.Avx2RowCode.store;
import static org.llmspell.kernels.x86.Gp.R10;
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
import static org.llmspell.kernels.x86.VexOp.VMINPS;
import static org.llmspell.kernels.x86.VexOp.VMULPS;
import static org.llmspell.kernels.x86.VexOp.VORPS;
import static org.llmspell.kernels.x86.VexOp.VSUBPS;

/**
 * The code of activation functions in AVX2. Where one operand of a minimum or maximum may be no number it stands second, which is
 * what the instruction gives then.
 */
final class Avx2GateCode {
    private static final long ONES = Avx2RowCode.floats(1);
    /** {@code −2 · √(2/π)} and that times 0.044715, of GELU's tanh form as a logistic function. */
    private static final long GELU_FIRST = Avx2RowCode.floats(-1.5957692f);

    private static final long GELU_THIRD = Avx2RowCode.floats(-0.071354814f);

    /** As a condition of a comparison: greater, and neither is no number. */
    private static final int GREATER = 0x1E;

    private static final Vec ZERO = ymm(8);
    private static final Vec ONE = ymm(9);
    private static final Vec FIRST = ymm(10);
    private static final Vec SECOND = ymm(11);
    private static final Vec THIRD = ymm(12);
    private static final Vec FOURTH = ymm(13);

    private Avx2GateCode() {}

    private static void begin(Assembler a) {
        operands(a);
        clear(a, ZERO);
        constant(a, ONE, ONES);
        Avx2Exponential.prepare(a, R10);
    }

    /** {@code x = e^x}. */
    private static void exponential(Assembler a, Vec x) {
        Avx2Exponential.emit(a, R10, x, ymm(3), ymm(4), ymm(5));
    }

    /** {@code x = 1 + e^x}. */
    private static void logistic(Assembler a, Vec x) {
        exponential(a, x);
        a.emit(VADDPS, x, x, ONE);
    }

    /** A = A / (1 + e^−A). */
    static void silu(Assembler a) {
        begin(a);
        loop(a, new int[] {VECTOR}, mask -> {
            load(a, ymm(0), at(RSI, 0), mask);
            a.emit(VSUBPS, ymm(2), ZERO, ymm(0));
            logistic(a, ymm(2));
            a.emit(VDIVPS, ymm(0), ymm(0), ymm(2));
            store(a, at(RSI, 0), ymm(0), mask);
        });
    }

    /** A = A / (1 + e^−A) · B. */
    static void siluMultiply(Assembler a) {
        begin(a);
        loop(a, new int[] {VECTOR, VECTOR}, mask -> {
            load(a, ymm(0), at(RSI, 0), mask);
            load(a, ymm(1), at(RDX, 0), mask);
            a.emit(VSUBPS, ymm(2), ZERO, ymm(0));
            logistic(a, ymm(2));
            a.emit(VDIVPS, ymm(0), ymm(0), ymm(2));
            a.emit(VMULPS, ymm(0), ymm(0), ymm(1));
            store(a, at(RSI, 0), ymm(0), mask);
        });
    }

    /** A = B / (1 + e^−A). */
    static void sigmoidMultiply(Assembler a) {
        begin(a);
        loop(a, new int[] {VECTOR, VECTOR}, mask -> {
            load(a, ymm(0), at(RSI, 0), mask);
            load(a, ymm(1), at(RDX, 0), mask);
            a.emit(VSUBPS, ymm(0), ZERO, ymm(0));
            logistic(a, ymm(0));
            a.emit(VDIVPS, ymm(0), ymm(1), ymm(0));
            store(a, at(RSI, 0), ymm(0), mask);
        });
    }

    /** A = A / (1 + e^(−2 √(2/π) (A + 0.044715 A³))), which is the tanh form of GELU. */
    static void gelu(Assembler a) {
        begin(a);
        constant(a, FIRST, GELU_FIRST);
        constant(a, THIRD, GELU_THIRD);
        loop(a, new int[] {VECTOR}, mask -> {
            load(a, ymm(0), at(RSI, 0), mask);
            gelu(a, ymm(0), ymm(2));
            store(a, at(RSI, 0), ymm(0), mask);
        });
    }

    /** A = gelu(A) · B. */
    static void geluMultiply(Assembler a) {
        begin(a);
        constant(a, FIRST, GELU_FIRST);
        constant(a, THIRD, GELU_THIRD);
        loop(a, new int[] {VECTOR, VECTOR}, mask -> {
            load(a, ymm(0), at(RSI, 0), mask);
            load(a, ymm(1), at(RDX, 0), mask);
            gelu(a, ymm(0), ymm(2));
            a.emit(VMULPS, ymm(0), ymm(0), ymm(1));
            store(a, at(RSI, 0), ymm(0), mask);
        });
    }

    private static void gelu(Assembler a, Vec x, Vec temporary) {
        a.emit(VMULPS, temporary, x, x);
        a.emit(VFMADD213PS, temporary, THIRD, FIRST);
        a.emit(VMULPS, temporary, temporary, x);
        logistic(a, temporary);
        a.emit(VDIVPS, x, x, temporary);
    }

    /** A = max(0, A)². */
    static void reluSquared(Assembler a) {
        begin(a);
        loop(a, new int[] {VECTOR}, mask -> {
            load(a, ymm(0), at(RSI, 0), mask);
            a.emit(VMAXPS, ymm(0), ZERO, ymm(0));
            a.emit(VMULPS, ymm(0), ymm(0), ymm(0));
            store(a, at(RSI, 0), ymm(0), mask);
        });
    }

    /**
     * A = second number · A² where A is above 0, else first number · (e^min(A, fourth number) − 1 − A); and third number · A beside
     * either.
     */
    static void xielu(Assembler a) {
        begin(a);
        numbers(a);
        loop(a, new int[] {VECTOR}, mask -> {
            Vec x = ymm(0);
            Vec positive = ymm(1);
            Vec negative = ymm(2);
            Vec above = ymm(6);
            load(a, x, at(RSI, 0), mask);
            a.emit(VMULPS, positive, x, x);
            a.emit(VMULPS, positive, positive, SECOND);
            a.emit(VMINPS, negative, FOURTH, x);
            exponential(a, negative);
            a.emit(VSUBPS, negative, negative, ONE);
            a.emit(VSUBPS, negative, negative, x);
            a.emit(VMULPS, negative, negative, FIRST);
            a.emit(VCMPPS, above, x, ZERO, GREATER);
            a.emit(VANDPS, positive, positive, above);
            a.emit(VANDNPS, negative, above, negative);
            a.emit(VORPS, positive, positive, negative);
            a.emit(VFMADD231PS, positive, x, THIRD);
            store(a, at(RSI, 0), positive, mask);
        });
    }

    /**
     * A = g / (1 + e^(−first number · g)) · (u + 1) with g being A, at most the second number, and u being B, held within ± the second
     * number.
     */
    static void clampedSiluMultiply(Assembler a) {
        begin(a);
        numbers(a);
        a.emit(VSUBPS, FIRST, ZERO, FIRST);
        a.emit(VSUBPS, THIRD, ZERO, SECOND);
        loop(a, new int[] {VECTOR, VECTOR}, mask -> {
            load(a, ymm(0), at(RSI, 0), mask);
            load(a, ymm(1), at(RDX, 0), mask);
            a.emit(VMINPS, ymm(0), SECOND, ymm(0));
            a.emit(VMINPS, ymm(1), SECOND, ymm(1));
            a.emit(VMAXPS, ymm(1), THIRD, ymm(1));
            a.emit(VADDPS, ymm(1), ymm(1), ONE);
            a.emit(VMULPS, ymm(2), ymm(0), FIRST);
            logistic(a, ymm(2));
            a.emit(VDIVPS, ymm(0), ymm(0), ymm(2));
            a.emit(VMULPS, ymm(0), ymm(0), ymm(1));
            store(a, at(RSI, 0), ymm(0), mask);
        });
    }

    private static void numbers(Assembler a) {
        a.emit(VBROADCASTSS, FIRST, at(RDI, FIRST_NUMBER));
        a.emit(VBROADCASTSS, SECOND, at(RDI, SECOND_NUMBER));
        a.emit(VBROADCASTSS, THIRD, at(RDI, THIRD_NUMBER));
        a.emit(VBROADCASTSS, FOURTH, at(RDI, FOURTH_NUMBER));
    }
}
