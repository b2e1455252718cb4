package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.VexOp.VANDNPS;
import static org.llmspell.kernels.x86.VexOp.VANDPS;
import static org.llmspell.kernels.x86.VexOp.VCMPPS;
import static org.llmspell.kernels.x86.VexOp.VCVTPS2DQ;
import static org.llmspell.kernels.x86.VexOp.VFMADD213PS;
import static org.llmspell.kernels.x86.VexOp.VFNMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VMAXPS;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS;
import static org.llmspell.kernels.x86.VexOp.VMULPS;
import static org.llmspell.kernels.x86.VexOp.VORPS;
import static org.llmspell.kernels.x86.VexOp.VPADDD;
import static org.llmspell.kernels.x86.VexOp.VPSLLD;
import static org.llmspell.kernels.x86.VexOp.VROUNDPS;

/**
 * The code of {@code e^x} for 8 lanes in AVX2, as {@link Exponential} has it: below −87 it stays at e^−87, above what float32 can hold
 * it is infinite, and what is no number stays none.
 */
final class Avx2Exponential {
    private static final float LOG2_E = 1.442695f;
    /** ln 2 in two parts, the first with zeros at its end, so that n times it is exact. */
    private static final float LN2_UPPER = 355f / 512;

    private static final float LN2_LOWER = -2.1219444e-4f;
    private static final float LEAST = -87;
    /** The largest x whose exponential is finite in float32. */
    private static final float GREATEST = 88.72283f;

    /** Taylor's coefficients from the sixth down. */
    private static final float[] COEFFICIENTS = {1 / 720f, 1 / 120f, 1 / 24f, 1 / 6f, 1 / 2f, 1, 1};

    private static final float[] HEAD = {LOG2_E, LN2_UPPER, LN2_LOWER, LEAST, GREATEST, Float.POSITIVE_INFINITY};

    private static final int VECTOR = 32;
    private static final int LOG2_E_AT = 0;
    private static final int LN2_UPPER_AT = VECTOR;
    private static final int LN2_LOWER_AT = 2 * VECTOR;
    private static final int LEAST_AT = 3 * VECTOR;
    private static final int GREATEST_AT = 4 * VECTOR;
    private static final int INFINITY_AT = 5 * VECTOR;
    private static final int COEFFICIENTS_AT = 6 * VECTOR;

    /** Each constant eight times. */
    private static final long TABLE = Constants.floats(
            8 * (HEAD.length + COEFFICIENTS.length),
            i -> i / 8 < HEAD.length ? HEAD[i / 8] : COEFFICIENTS[i / 8 - HEAD.length]);

    private static final int MANTISSA_BITS = 23;

    /** As a condition of a comparison: greater, and neither is no number. */
    private static final int GREATER = 0x1E;

    private Avx2Exponential() {}

    /** Makes {@code table} point to the constants, for any number of {@link #emit}. */
    static void prepare(Assembler a, Gp table) {
        a.mov(table, TABLE);
    }

    /** −87 in every lane: below it the exponential does not change any more. */
    static Mem least(Gp table) {
        return Mem.at(table, LEAST_AT);
    }

    /** {@code x = e^x}; {@code n}, {@code power} and {@code over} are spoilt. */
    static void emit(Assembler a, Gp table, Vec x, Vec n, Vec power, Vec over) {
        a.emit(VCMPPS, over, x, Mem.at(table, GREATEST_AT), GREATER);
        a.emit(VMOVUPS, power, Mem.at(table, LEAST_AT));
        // in this order, since what is no number must come through: the second operand is taken then
        a.emit(VMAXPS, x, power, x);
        a.emit(VMULPS, n, x, Mem.at(table, LOG2_E_AT));
        a.emit(VROUNDPS, n, n, 0);
        a.emit(VFNMADD231PS, x, n, Mem.at(table, LN2_UPPER_AT));
        a.emit(VFNMADD231PS, x, n, Mem.at(table, LN2_LOWER_AT));
        a.emit(VMOVUPS, power, Mem.at(table, COEFFICIENTS_AT));
        for (int i = 1; i < COEFFICIENTS.length; i++) {
            a.emit(VFMADD213PS, power, x, Mem.at(table, COEFFICIENTS_AT + VECTOR * i));
        }
        // n more in the exponent; of what is no number n comes to nothing here
        a.emit(VCVTPS2DQ, n, n);
        a.emit(VPSLLD, n, n, MANTISSA_BITS);
        a.emit(VPADDD, power, power, n);
        a.emit(VANDNPS, power, over, power);
        a.emit(VANDPS, over, over, Mem.at(table, INFINITY_AT));
        a.emit(VORPS, x, power, over);
    }
}
