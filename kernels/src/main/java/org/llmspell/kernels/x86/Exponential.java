package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VFMADD213PS;
import static org.llmspell.kernels.x86.Op.VFNMADD231PS;
import static org.llmspell.kernels.x86.Op.VMAXPS;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VRNDSCALEPS;
import static org.llmspell.kernels.x86.Op.VSCALEFPS;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The code of {@code e^x} for 16 lanes: {@code 2^n · e^r} with {@code n = round(x / ln 2)} and a polynomial for the rest, within some units
 * in the last place. Below −87 it stays at e^−87, far above it is infinite, and what is no number stays none.
 */
final class Exponential {
    private static final float LOG2_E = 1.442695f;
    /** ln 2 in two parts, the first with zeros at its end, so that n times it is exact. */
    private static final float LN2_UPPER = 355f / 512;

    private static final float LN2_LOWER = -2.1219444e-4f;
    static final float LEAST = -87;
    /** Taylor's coefficients from the sixth down, which on ±ln 2 / 2 leave 1.2e-7, a unit in the last place. */
    private static final float[] COEFFICIENTS = {1 / 720f, 1 / 120f, 1 / 24f, 1 / 6f, 1 / 2f, 1, 1};

    private static final MemorySegment TABLE = table();

    private static final int LOG2_E_AT = 0;
    private static final int LN2_UPPER_AT = 4;
    private static final int LN2_LOWER_AT = 8;
    private static final int LEAST_AT = 12;
    private static final int COEFFICIENTS_AT = 16;

    private Exponential() {}

    private static MemorySegment table() {
        MemorySegment table = Arena.global().allocate(64, 64);
        float[] head = {LOG2_E, LN2_UPPER, LN2_LOWER, LEAST};
        MemorySegment.copy(head, 0, table, ValueLayout.JAVA_FLOAT, 0, head.length);
        MemorySegment.copy(COEFFICIENTS, 0, table, ValueLayout.JAVA_FLOAT, COEFFICIENTS_AT, COEFFICIENTS.length);
        return table;
    }

    /** Makes {@code table} point to the constants, for any number of {@link #emit}. */
    static void prepare(Assembler a, Gp table) {
        a.mov(table, TABLE.address());
    }

    /** {@code x = e^x}; {@code n} and {@code power} are spoilt. */
    static void emit(Assembler a, Gp table, Vec x, Vec n, Vec power) {
        a.emit(Op.VBROADCASTSS, power, Mem.at(table, LEAST_AT));
        // in this order, since what is no number must come through: the second operand is taken then
        a.emit(VMAXPS, x, power, x);
        a.emit(VMULPS, n, x, repeated(table, LOG2_E_AT));
        a.emit(VRNDSCALEPS, n, n, 0);
        a.emit(VFNMADD231PS, x, n, repeated(table, LN2_UPPER_AT));
        a.emit(VFNMADD231PS, x, n, repeated(table, LN2_LOWER_AT));
        a.emit(Op.VBROADCASTSS, power, Mem.at(table, COEFFICIENTS_AT));
        for (int i = 1; i < COEFFICIENTS.length; i++) {
            a.emit(VFMADD213PS, power, x, repeated(table, COEFFICIENTS_AT + 4 * i));
        }
        a.emit(VSCALEFPS, x, power, n);
    }

    private static Mem repeated(Gp table, int offset) {
        return Mem.at(table, offset).repeated();
    }
}
