package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Lanes.SWAP_NEIGHBOURS;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VADDPS;
import static org.llmspell.kernels.x86.Op.VBROADCASTSS;
import static org.llmspell.kernels.x86.Op.VCVTPS2PH;
import static org.llmspell.kernels.x86.Op.VFMADD231PS;
import static org.llmspell.kernels.x86.Op.VFNMADD231PS;
import static org.llmspell.kernels.x86.Op.VMOVSS_STORE;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPERMD;
import static org.llmspell.kernels.x86.Op.VPSHUFD;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Vec.zmm;

import org.llmspell.kernels.x86.Assembler.Condition;
import org.llmspell.kernels.x86.Assembler.Label;

/**
 * The code of sums, products and rotations of single rows, and what all code for rows begins with. It goes over its operands 16
 * floats at a time; what is left is done under a mask, so that nothing beyond the end is read or written.
 *
 * <p>RSI, RDX, R8 and R9 walk along the operands at {@link #A} to {@link #D}.
 */
final class RowCode {
    /** Where the arguments stand in the block: four operands, whole vectors, a bit for each float after them, four numbers. */
    static final int A = 0;

    static final int B = 8;
    static final int C = 16;
    static final int D = 24;
    static final int VECTORS = 32;
    static final int REST = 40;
    static final int FIRST_NUMBER = 44;
    static final int SECOND_NUMBER = 48;
    static final int THIRD_NUMBER = 52;
    static final int FOURTH_NUMBER = 56;
    /** A bit for each pair of floats after the whole vectors. */
    static final int REST_PAIRS = 60;

    static final int ARGUMENT_BYTES = 64;

    static final int TAIL = 1;
    private static final int PAIRS_TAIL = 2;

    private static final long SIGNS = Constants.ints(i -> i % 2 == 0 ? 0x80000000 : 0);
    private static final long PAIRS = Constants.ints(i -> i / 2);

    private RowCode() {}

    /** What a step of the code does. */
    interface Step {
        /** One vector of what is at the operands; {@code mask} says which of its lanes there are. */
        void emit(Mask mask);
    }

    static void operands(Assembler a) {
        a.load(RSI, at(RDI, A));
        a.load(RDX, at(RDI, B));
        a.load(R8, at(RDI, C));
        a.load(R9, at(RDI, D));
        a.load32(RAX, at(RDI, REST));
        a.kmovd(TAIL, RAX);
    }

    /** {@code step} for every vector, the pointers going on by {@code bytes[i]}, and for the rest if there is one. */
    static void loop(Assembler a, int[] bytes, Step step) {
        Gp[] pointers = {RSI, RDX, R8, R9};
        Label next = new Label();
        Label rest = new Label();
        Label end = new Label();
        a.load(RCX, at(RDI, VECTORS));
        a.test(RCX, RCX);
        a.jump(Condition.EQUAL, rest);
        a.align(32);
        a.place(next);
        step.emit(Mask.NONE);
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] != 0) {
                a.add(pointers[i], bytes[i]);
            }
        }
        a.sub(RCX, 1);
        a.jump(Condition.NOT_EQUAL, next);
        a.place(rest);
        a.load32(RAX, at(RDI, REST));
        a.test(RAX, RAX);
        a.jump(Condition.EQUAL, end);
        step.emit(Mask.zeroing(TAIL));
        a.place(end);
    }

    /** The mask of a store is the load's, but that it leaves the other lanes alone. */
    static void store(Assembler a, Mem place, Vec vector, Mask mask) {
        a.store(VMOVUPS_STORE, place, vector, stored(mask), 0);
    }

    private static Mask stored(Mask mask) {
        return mask.number() == 0 ? Mask.NONE : Mask.merging(mask.number());
    }

    static void constant(Assembler a, Vec vector, long address) {
        a.mov(RAX, address);
        a.emit(VMOVUPS, vector, at(RAX, 0));
    }

    /** A vector of 16 times {@code value}. */
    static long floats(float value) {
        return Constants.ints(i -> Float.floatToRawIntBits(value));
    }

    /** First number = Σ A · B. */
    static void dot(Assembler a) {
        Vec sum = zmm(4);
        operands(a);
        a.emit(VPXORD, sum, sum, sum);
        loop(a, new int[] {64, 64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask);
            a.emit(VMOVUPS, zmm(1), at(RDX, 0), mask);
            a.emit(VFMADD231PS, sum, zmm(0), zmm(1));
        });
        Lanes.join(a, VADDPS, sum, zmm(0));
        a.store(VMOVSS_STORE, at(RDI, FIRST_NUMBER), sum.x());
    }

    /** A += B. */
    static void add(Assembler a) {
        two(a, VADDPS);
    }

    /** A *= B. */
    static void multiply(Assembler a) {
        two(a, VMULPS);
    }

    private static void two(Assembler a, Op op) {
        operands(a);
        loop(a, new int[] {64, 64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask);
            a.emit(VMOVUPS, zmm(1), at(RDX, 0), mask);
            a.emit(op, zmm(0), zmm(0), zmm(1));
            store(a, at(RSI, 0), zmm(0), mask);
        });
    }

    /** A += first number · B. */
    static void addScaled(Assembler a) {
        Vec scale = zmm(20);
        operands(a);
        a.emit(VBROADCASTSS, scale, at(RDI, FIRST_NUMBER));
        loop(a, new int[] {64, 64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask);
            a.emit(VMOVUPS, zmm(1), at(RDX, 0), mask);
            a.emit(VFMADD231PS, zmm(0), zmm(1), scale);
            store(a, at(RSI, 0), zmm(0), mask);
        });
    }

    /** A += B · C. */
    static void addProduct(Assembler a) {
        operands(a);
        loop(a, new int[] {64, 64, 64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask);
            a.emit(VMOVUPS, zmm(1), at(RDX, 0), mask);
            a.emit(VMOVUPS, zmm(2), at(R8, 0), mask);
            a.emit(VFMADD231PS, zmm(0), zmm(1), zmm(2));
            store(a, at(RSI, 0), zmm(0), mask);
        });
    }

    /** A, B = A · C − B · D, B · C + A · D: the rotation of pairs that lie half a row apart. */
    static void rotateHalves(Assembler a) {
        operands(a);
        loop(a, new int[] {64, 64, 64, 64}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask);
            a.emit(VMOVUPS, zmm(1), at(RDX, 0), mask);
            a.emit(VMOVUPS, zmm(2), at(R8, 0), mask);
            a.emit(VMOVUPS, zmm(3), at(R9, 0), mask);
            a.emit(VMULPS, zmm(4), zmm(0), zmm(2));
            a.emit(VFNMADD231PS, zmm(4), zmm(1), zmm(3));
            a.emit(VMULPS, zmm(5), zmm(1), zmm(2));
            a.emit(VFMADD231PS, zmm(5), zmm(0), zmm(3));
            store(a, at(RSI, 0), zmm(4), mask);
            store(a, at(RDX, 0), zmm(5), mask);
        });
    }

    /** The rotation of neighbours in A by cosines C and sines D, eight pairs at a time. */
    static void rotateNeighbours(Assembler a) {
        Vec pairs = zmm(20);
        Vec signs = zmm(21);
        operands(a);
        a.load32(RAX, at(RDI, REST_PAIRS));
        a.kmovd(PAIRS_TAIL, RAX);
        constant(a, pairs, PAIRS);
        constant(a, signs, SIGNS);
        loop(a, new int[] {64, 0, 32, 32}, mask -> {
            Mask ofPairs = mask.number() == 0 ? Mask.NONE : Mask.zeroing(PAIRS_TAIL);
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask);
            a.emit(VMOVUPS, zmm(2).y(), at(R8, 0), ofPairs);
            a.emit(VMOVUPS, zmm(3).y(), at(R9, 0), ofPairs);
            a.emit(VPERMD, zmm(2), pairs, zmm(2));
            a.emit(VPERMD, zmm(3), pairs, zmm(3));
            a.emit(VPXORD, zmm(3), zmm(3), signs);
            a.emit(VPSHUFD, zmm(1), zmm(0), SWAP_NEIGHBOURS);
            a.emit(VMULPS, zmm(1), zmm(1), zmm(3));
            a.emit(VFMADD231PS, zmm(1), zmm(0), zmm(2));
            store(a, at(RSI, 0), zmm(1), mask);
        });
    }

    /** B = A as halves, rounded to nearest even. */
    static void toHalf(Assembler a) {
        operands(a);
        loop(a, new int[] {64, 32}, mask -> {
            a.emit(VMOVUPS, zmm(0), at(RSI, 0), mask);
            a.store(VCVTPS2PH, at(RDX, 0), zmm(0), stored(mask), 0);
        });
    }
}
