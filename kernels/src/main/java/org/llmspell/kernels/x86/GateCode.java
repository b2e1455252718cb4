package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VADDPS;
import static org.llmspell.kernels.x86.Op.VBROADCASTSS;
import static org.llmspell.kernels.x86.Op.VCMPPS;
import static org.llmspell.kernels.x86.Op.VDIVPS;
import static org.llmspell.kernels.x86.Op.VFMADD213PS;
import static org.llmspell.kernels.x86.Op.VFMADD231PS;
import static org.llmspell.kernels.x86.Op.VMAXPS;
import static org.llmspell.kernels.x86.Op.VMINPS;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Op.VSUBPS;
import static org.llmspell.kernels.x86.RowCode.FIRST_NUMBER;
import static org.llmspell.kernels.x86.RowCode.FOURTH_NUMBER;
import static org.llmspell.kernels.x86.RowCode.SECOND_NUMBER;
import static org.llmspell.kernels.x86.RowCode.THIRD_NUMBER;
import static org.llmspell.kernels.x86.RowCode.constant;
import static org.llmspell.kernels.x86.RowCode.loop;
import static org.llmspell.kernels.x86.RowCode.operands;
import static org.llmspell.kernels.x86.RowCode.store;
import static org.llmspell.kernels.x86.Vec.zmm;

/** The code of activations and gates, which bend each element of a row by itself. Its form is that of {@link RowCode}. */
final class GateCode {
    private static final long ONES = RowCode.floats(1);
    /** The exponential of more than this is infinite. */
    private static final long MOST = RowCode.floats(89);

    /** {@code −2 · √(2/π)} and that times 0.044715, of GELU's tanh form as a logistic function. */
    private static final long GELU_FIRST = RowCode.floats(-1.5957692f);

    private static final long GELU_THIRD = RowCode.floats(-0.071354814f);

    private static final int GREATER = 14;
    private static final int POSITIVE = 2;

    private static final Vec ZERO = zmm(20);
    private static final Vec ONE = zmm(21);
    private static final Vec FIRST = zmm(22);
    private static final Vec SECOND = zmm(23);
    private static final Vec THIRD = zmm(24);
    private static final Vec FOURTH = zmm(25);

    private GateCode() {}

    private static void begin(Assembler a) {
        operands(a);
        a.emit(VPXORD, ZERO, ZERO, ZERO);
        constant(a, ONE, ONES);
        Exponential.prepare(a, R9);
    }

    /** {@code x = 1 + e^x}; zmm3 and zmm5 are spoilt. */
    private static void logistic(Assembler a, Vec x) {
        Exponential.emit(a, R9, x, zmm(3), zmm(5));
        a.emit(VADDPS, x, x, ONE);
    }

    /**
     * A = A / (1 + e^−A), which is SiLU.
     *
     * @param gates and then times B
     */
    static void silu(Assembler a, boolean gates) {
        begin(a);
        gate(a, gates, () -> a.emit(VSUBPS, zmm(2), ZERO, zmm(0)));
    }

    /**
     * A = A / (1 + e^(−2 √(2/π) (A + 0.044715 A³))), which is the tanh form of GELU.
     *
     * @param gates and then times B
     */
    static void gelu(Assembler a, boolean gates) {
        begin(a);
        constant(a, FIRST, GELU_FIRST);
        constant(a, THIRD, GELU_THIRD);
        gate(a, gates, () -> {
            a.emit(VMULPS, zmm(2), zmm(0), zmm(0));
            a.emit(VFMADD213PS, zmm(2), THIRD, FIRST);
            a.emit(VMULPS, zmm(2), zmm(2), zmm(0));
        });
    }

    /** A = A / (1 + e^x), times B if it is a gate, with the x that {@code exponent} makes of zmm0 in zmm2. */
    private static void gate(Assembler a, boolean gates, Runnable exponent) {
        loop(a, new int[] {64, gates ? 64 : 0}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask);
            exponent.run();
            logistic(a, zmm(2));
            a.emit(VDIVPS, zmm(0), zmm(0), zmm(2));
            if (gates) {
                a.emit(VMOVUPS, zmm(1), at(RDX, 0), mask);
                a.emit(VMULPS, zmm(0), zmm(0), zmm(1));
            }
            store(a, at(RSI, 0), zmm(0), mask);
        });
    }

    /** A = B / (1 + e^−A). */
    static void sigmoidMultiply(Assembler a) {
        begin(a);
        constant(a, FIRST, MOST);
        loop(a, new int[] {64, 64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask);
            a.emit(VMOVUPS, zmm(1), at(RDX, 0), mask);
            a.emit(VSUBPS, zmm(2), ZERO, zmm(0));
            // in this order, since what is no number must come through: the second operand is taken then
            a.emit(VMINPS, zmm(2), FIRST, zmm(2));
            logistic(a, zmm(2));
            a.emit(VDIVPS, zmm(0), zmm(1), zmm(2));
            store(a, at(RSI, 0), zmm(0), mask);
        });
    }

    /**
     * A = g / (1 + e^(first number · g)) · (u + 1), where g is A held below the second number and u is B held between the third number and
     * the second.
     */
    static void clampedSiluMultiply(Assembler a) {
        begin(a);
        a.emit(VBROADCASTSS, FIRST, at(RDI, FIRST_NUMBER));
        a.emit(VBROADCASTSS, SECOND, at(RDI, SECOND_NUMBER));
        a.emit(VBROADCASTSS, THIRD, at(RDI, THIRD_NUMBER));
        loop(a, new int[] {64, 64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask);
            a.emit(VMOVUPS, zmm(1), at(RDX, 0), mask);
            a.emit(VMINPS, zmm(0), SECOND, zmm(0));
            a.emit(VMINPS, zmm(1), SECOND, zmm(1));
            a.emit(VMAXPS, zmm(1), THIRD, zmm(1));
            a.emit(VADDPS, zmm(1), zmm(1), ONE);
            a.emit(VMULPS, zmm(2), zmm(0), FIRST);
            logistic(a, zmm(2));
            a.emit(VDIVPS, zmm(0), zmm(0), zmm(2));
            a.emit(VMULPS, zmm(0), zmm(0), zmm(1));
            store(a, at(RSI, 0), zmm(0), mask);
        });
    }

    /** A = max(0, A)². */
    static void reluSquared(Assembler a) {
        begin(a);
        loop(a, new int[] {64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask);
            a.emit(VMAXPS, zmm(0), ZERO, zmm(0));
            a.emit(VMULPS, zmm(0), zmm(0), zmm(0));
            store(a, at(RSI, 0), zmm(0), mask);
        });
    }

    /**
     * A = second number · A² + third number · A where A is above 0, else first number · (e^min(A, fourth number) − 1 − A) + third
     * number · A.
     */
    static void xielu(Assembler a) {
        begin(a);
        a.emit(VBROADCASTSS, FIRST, at(RDI, FIRST_NUMBER));
        a.emit(VBROADCASTSS, SECOND, at(RDI, SECOND_NUMBER));
        a.emit(VBROADCASTSS, THIRD, at(RDI, THIRD_NUMBER));
        a.emit(VBROADCASTSS, FOURTH, at(RDI, FOURTH_NUMBER));
        loop(a, new int[] {64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask);
            a.emit(VMINPS, zmm(2), FOURTH, zmm(0));
            Exponential.emit(a, R9, zmm(2), zmm(3), zmm(5));
            a.emit(VSUBPS, zmm(2), zmm(2), ONE);
            a.emit(VSUBPS, zmm(2), zmm(2), zmm(0));
            a.emit(VMULPS, zmm(2), zmm(2), FIRST);
            a.compare(VCMPPS, POSITIVE, zmm(0), ZERO, GREATER);
            a.emit(VMULPS, zmm(1), zmm(0), zmm(0));
            a.emit(VMULPS, zmm(2), zmm(1), SECOND, Mask.merging(POSITIVE), 0);
            a.emit(VFMADD231PS, zmm(2), zmm(0), THIRD);
            store(a, at(RSI, 0), zmm(2), mask);
        });
    }
}
