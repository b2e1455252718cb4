package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R8;
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
import static org.llmspell.kernels.x86.Op.VFNMADD231PS;
import static org.llmspell.kernels.x86.Op.VMAXPS;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Op.VSQRTPS;
import static org.llmspell.kernels.x86.Op.VSUBPS;
import static org.llmspell.kernels.x86.RowCode.FIRST_NUMBER;
import static org.llmspell.kernels.x86.RowCode.SECOND_NUMBER;
import static org.llmspell.kernels.x86.RowCode.constant;
import static org.llmspell.kernels.x86.RowCode.loop;
import static org.llmspell.kernels.x86.RowCode.operands;
import static org.llmspell.kernels.x86.RowCode.store;
import static org.llmspell.kernels.x86.Vec.zmm;

/** The code that brings a row to a common measure: norms and the softmax. Its form is that of {@link RowCode}. */
final class NormCode {
    private static final long ONES = RowCode.floats(1);
    private static final long MINUS_INFINITY = RowCode.floats(Float.NEGATIVE_INFINITY);
    /** Below it {@link Exponential} is no longer the exponential, which is next to nothing there. */
    private static final long LEAST = RowCode.floats(Exponential.LEAST);

    private static final int NOT_LESS = 5;
    private static final int COUNTED = 2;

    private NormCode() {}

    /** A = B / sqrt(Σ B² · first number + second number) · C; the first number is 1 / count, the second epsilon. */
    static void rmsNorm(Assembler a) {
        Vec sum = zmm(4);
        operands(a);
        a.emit(VPXORD, sum, sum, sum);
        loop(a, new int[] {0, 64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RDX, 0), mask);
            a.emit(VFMADD231PS, sum, zmm(0), zmm(0));
        });
        Lanes.join(a, VADDPS, sum, zmm(0));
        inverseRoot(a, sum);
        operands(a);
        loop(a, new int[] {64, 64, 64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RDX, 0), mask);
            a.emit(VMOVUPS, zmm(1), at(R8, 0), mask);
            a.emit(VMULPS, zmm(0), zmm(0), sum);
            a.emit(VMULPS, zmm(0), zmm(0), zmm(1));
            store(a, at(RSI, 0), zmm(0), mask);
        });
    }

    /** {@code sum = 1 / sqrt(sum · first number + second number)}; zmm0 and zmm1 are spoilt. */
    private static void inverseRoot(Assembler a, Vec sum) {
        a.emit(VBROADCASTSS, zmm(1), at(RDI, SECOND_NUMBER));
        a.emit(VBROADCASTSS, zmm(0), at(RDI, FIRST_NUMBER));
        a.emit(VFMADD213PS, sum, zmm(0), zmm(1));
        a.emit(VSQRTPS, sum, sum);
        constant(a, zmm(0), ONES);
        a.emit(VDIVPS, sum, zmm(0), sum);
    }

    /**
     * A = (B − mean of B) / sqrt(variance of B + second number) · C + D; the first number is 1 / count. The mean's own rounding is
     * found from what is left over when it is taken off.
     *
     * @param weight whether there is C
     * @param bias whether there is D
     */
    static void layerNorm(Assembler a, boolean weight, boolean bias) {
        Vec mean = zmm(4);
        Vec left = zmm(5);
        Vec squares = zmm(6);
        Vec part = zmm(7);
        operands(a);
        a.emit(VPXORD, mean, mean, mean);
        loop(a, new int[] {0, 64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RDX, 0), mask);
            a.emit(VADDPS, mean, mean, zmm(0));
        });
        Lanes.join(a, VADDPS, mean, zmm(0));
        a.emit(VBROADCASTSS, part, at(RDI, FIRST_NUMBER));
        a.emit(VMULPS, mean, mean, part);
        a.emit(VPXORD, left, left, left);
        a.emit(VPXORD, squares, squares, squares);
        operands(a);
        loop(a, new int[] {0, 64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RDX, 0), mask);
            a.emit(VSUBPS, zmm(0), zmm(0), mean, mask, 0);
            a.emit(VADDPS, left, left, zmm(0));
            a.emit(VFMADD231PS, squares, zmm(0), zmm(0));
        });
        Lanes.join(a, VADDPS, left, zmm(0));
        Lanes.join(a, VADDPS, squares, zmm(0));
        a.emit(VMULPS, part, left, part);
        a.emit(VADDPS, mean, mean, part);
        a.emit(VFNMADD231PS, squares, part, left);
        inverseRoot(a, squares);
        operands(a);
        loop(a, new int[] {64, 64, 64, 64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RDX, 0), mask);
            a.emit(VSUBPS, zmm(0), zmm(0), mean);
            a.emit(VMULPS, zmm(0), zmm(0), squares);
            if (weight) {
                a.emit(VMOVUPS, zmm(1), at(R8, 0), mask);
                a.emit(VMULPS, zmm(0), zmm(0), zmm(1));
            }
            if (bias) {
                a.emit(VMOVUPS, zmm(1), at(R9, 0), mask);
                a.emit(VADDPS, zmm(0), zmm(0), zmm(1));
            }
            store(a, at(RSI, 0), zmm(0), mask);
        });
    }

    /** A = e^(A − max A) / Σ e^(A − max A). */
    static void softmax(Assembler a) {
        Vec most = zmm(4);
        Vec sum = zmm(6);
        Vec least = zmm(7);
        operands(a);
        constant(a, most, MINUS_INFINITY);
        loop(a, new int[] {64}, mask -> {
            constant(a, zmm(0), MINUS_INFINITY);
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask.number() == 0 ? mask : Mask.merging(mask.number()));
            a.emit(VMAXPS, most, most, zmm(0));
        });
        Lanes.join(a, VMAXPS, most, zmm(0));
        operands(a);
        a.emit(VPXORD, sum, sum, sum);
        constant(a, least, LEAST);
        Exponential.prepare(a, R9);
        loop(a, new int[] {64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask);
            a.emit(VSUBPS, zmm(0), zmm(0), most, mask, 0);
            a.compare(VCMPPS, COUNTED, zmm(0), least, NOT_LESS);
            Exponential.emit(a, R9, zmm(0), zmm(1), zmm(2));
            a.emit(VMOVUPS, zmm(0), zmm(0), Mask.zeroing(COUNTED));
            if (mask.number() != 0) {
                a.emit(VMOVUPS, zmm(0), zmm(0), mask);
            }
            a.emit(VADDPS, sum, sum, zmm(0));
            store(a, at(RSI, 0), zmm(0), mask);
        });
        Lanes.join(a, VADDPS, sum, zmm(0));
        constant(a, zmm(0), ONES);
        a.emit(VDIVPS, sum, zmm(0), sum);
        operands(a);
        loop(a, new int[] {64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask);
            a.emit(VMULPS, zmm(0), zmm(0), sum);
            store(a, at(RSI, 0), zmm(0), mask);
        });
    }
}
