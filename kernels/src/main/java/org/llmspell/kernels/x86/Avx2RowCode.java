package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R11;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Lanes.SWAP_NEIGHBOURS;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VADDPS;
import static org.llmspell.kernels.x86.VexOp.VANDPS;
import static org.llmspell.kernels.x86.VexOp.VBROADCASTSS;
import static org.llmspell.kernels.x86.VexOp.VCMPPS;
import static org.llmspell.kernels.x86.VexOp.VCVTPH2PS;
import static org.llmspell.kernels.x86.VexOp.VCVTPS2DQ;
import static org.llmspell.kernels.x86.VexOp.VCVTPS2PH;
import static org.llmspell.kernels.x86.VexOp.VDIVPS;
import static org.llmspell.kernels.x86.VexOp.VFMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VFNMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VMASKMOVPS_LOAD;
import static org.llmspell.kernels.x86.VexOp.VMASKMOVPS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMAXPS;
import static org.llmspell.kernels.x86.VexOp.VMOVDQU_STORE;
import static org.llmspell.kernels.x86.VexOp.VMOVSS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMULPS;
import static org.llmspell.kernels.x86.VexOp.VPACKSSDW;
import static org.llmspell.kernels.x86.VexOp.VPACKSSWB;
import static org.llmspell.kernels.x86.VexOp.VPERMD;
import static org.llmspell.kernels.x86.VexOp.VPEXTRW;
import static org.llmspell.kernels.x86.VexOp.VPSHUFD;
import static org.llmspell.kernels.x86.VexOp.VPXOR;

import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.CacheFormat;
import org.llmspell.kernels.x86.Assembler.Condition;
import org.llmspell.kernels.x86.Assembler.Label;

/**
 * The code of sums, products, rotations and roundings of single rows in AVX2, and what all such code for rows begins with. It goes over
 * its operands 8 floats at a time; what is left is done under a mask, so that nothing beyond the end is read or written.
 *
 * <p>RSI, RDX, R8 and R9 walk along the operands at {@link #A} to {@link #D}; RAX and RCX are taken by the loops, R10 and R11 are free.
 */
final class Avx2RowCode {
    /** Where the arguments stand in the block: four operands, then whole vectors of 8. */
    static final int A = 0;

    static final int B = 8;
    static final int C = 16;
    static final int D = 24;
    static final int VECTORS = 32;
    /** The address of a {@linkplain #mask mask} of the floats after the whole vectors, or 0 if there are none. */
    static final int MASK = 40;
    /** The same for half as many floats. */
    static final int HALF_MASK = 48;
    /** How many floats there are after the whole vectors. */
    static final int REST = 56;

    static final int FIRST_NUMBER = 64;
    static final int SECOND_NUMBER = 68;
    static final int THIRD_NUMBER = 72;
    static final int FOURTH_NUMBER = 76;
    /** Room for a block of floats, and for the bytes that it is rounded to. */
    private static final int BLOCK = 128;

    private static final int ROUNDED = 256;

    static final int ARGUMENT_BYTES = 320;

    static final int VECTOR = 32;

    private static final Gp[] POINTERS = {RSI, RDX, R8, R9};
    private static final Vec MASKED = ymm(15);
    private static final int LANES = 8;

    private static final long MASKS = Constants.ints(i -> i < LANES ? -1 : 0);
    private static final long SIGNS = Constants.ints(i -> i % 2 == 0 ? 0x80000000 : 0);
    private static final long PAIRS = Constants.ints(i -> i / 2);

    private static final long LARGEST_BYTE = floats(127);
    private static final long ONES = floats(1);
    private static final long ABSOLUTE = Constants.ints(i -> 0x7FFFFFFF);
    private static final int[] PACKED_WORDS = {0, 4, 1, 5, 2, 6, 3, 7};
    private static final long IN_ORDER = Constants.ints(i -> PACKED_WORDS[i % 8]);

    /** As a condition of a comparison: not equal, or one is no number. */
    private static final int NOT_EQUAL = 4;

    private Avx2RowCode() {}

    /** The address of a mask of the first {@code lanes} of up to 8 lanes. */
    static long mask(int lanes) {
        return MASKS + (long) Integer.BYTES * (LANES - lanes);
    }

    /** A vector of {@code value}. */
    static long floats(float value) {
        return Constants.ints(i -> Float.floatToRawIntBits(value));
    }

    /** What a step of the code does. */
    interface Step {
        /** One vector of what is at the operands; {@code mask}, if there is one, says which of its lanes there are. */
        void emit(@Nullable Vec mask);
    }

    /** A step that adds to one of four sums, lest each addition waits for the one before. */
    interface Term {
        /**
         * One vector of what is {@code offset} bytes behind the operands.
         *
         * @param sum 0 to 3
         */
        void emit(int sum, int offset, @Nullable Vec mask);
    }

    static void operands(Assembler a) {
        a.load(RSI, at(RDI, A));
        a.load(RDX, at(RDI, B));
        a.load(R8, at(RDI, C));
        a.load(R9, at(RDI, D));
    }

    /** {@code step} for every vector, the pointers going on by {@code bytes[i]}, and for the rest if there is one. */
    static void loop(Assembler a, int[] bytes, Step step) {
        Label next = new Label();
        Label rest = new Label();
        a.load(RCX, at(RDI, VECTORS));
        a.test(RCX, RCX);
        a.jump(Condition.EQUAL, rest);
        a.align(32);
        a.place(next);
        step.emit(null);
        advance(a, bytes, 1);
        a.sub(RCX, 1);
        a.jump(Condition.NOT_EQUAL, next);
        a.place(rest);
        rest(a, () -> step.emit(MASKED));
    }

    /** {@code term} for every vector, four at a time as long as there are as many, and for the rest if there is one. */
    static void sum(Assembler a, int[] bytes, Term term) {
        Label four = new Label();
        Label single = new Label();
        Label one = new Label();
        Label rest = new Label();
        a.load(RCX, at(RDI, VECTORS));
        a.sub(RCX, 4);
        a.jump(Condition.LESS, single);
        a.align(32);
        a.place(four);
        for (int i = 0; i < 4; i++) {
            term.emit(i, VECTOR * i, null);
        }
        advance(a, bytes, 4);
        a.sub(RCX, 4);
        a.jump(Condition.GREATER_OR_EQUAL, four);
        a.place(single);
        a.add(RCX, 4);
        a.jump(Condition.EQUAL, rest);
        a.place(one);
        term.emit(0, 0, null);
        advance(a, bytes, 1);
        a.sub(RCX, 1);
        a.jump(Condition.NOT_EQUAL, one);
        a.place(rest);
        rest(a, () -> term.emit(0, 0, MASKED));
    }

    private static void advance(Assembler a, int[] bytes, int times) {
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] != 0) {
                a.add(POINTERS[i], times * bytes[i]);
            }
        }
    }

    private static void rest(Assembler a, Runnable step) {
        Label end = new Label();
        a.load(RAX, at(RDI, MASK));
        a.test(RAX, RAX);
        a.jump(Condition.EQUAL, end);
        a.emit(VMOVUPS, MASKED, at(RAX, 0));
        step.run();
        a.place(end);
    }

    /** Lanes that are not there become zero. */
    static void load(Assembler a, Vec vector, Mem place, @Nullable Vec mask) {
        if (mask == null) {
            a.emit(VMOVUPS, vector, place);
        } else {
            a.emit(VMASKMOVPS_LOAD, vector, mask, place);
        }
    }

    /** Lanes that are not there are left alone. */
    static void store(Assembler a, Mem place, Vec vector, @Nullable Vec mask) {
        if (mask == null) {
            a.store(VMOVUPS_STORE, place, vector);
        } else {
            a.emit(VMASKMOVPS_STORE, vector, mask, place);
        }
    }

    /** By RAX. */
    static void constant(Assembler a, Vec vector, long address) {
        a.mov(RAX, address);
        a.emit(VMOVUPS, vector, at(RAX, 0));
    }

    static void clear(Assembler a, Vec vector) {
        a.emit(VPXOR, vector, vector, vector);
    }

    /** The four vectors from {@code first} on, and their lanes, become one number in every lane of the first; the fourth is spoilt. */
    static void total(Assembler a, VexOp join, int first) {
        a.emit(join, ymm(first), ymm(first), ymm(first + 1));
        a.emit(join, ymm(first + 2), ymm(first + 2), ymm(first + 3));
        a.emit(join, ymm(first), ymm(first), ymm(first + 2));
        Lanes.join(a, join, ymm(first), ymm(first + 3));
    }

    /** First number = Σ A · B. */
    static void dot(Assembler a) {
        int sums = 4;
        operands(a);
        for (int i = 0; i < 4; i++) {
            clear(a, ymm(sums + i));
        }
        sum(a, new int[] {VECTOR, VECTOR}, (sum, offset, mask) -> {
            load(a, ymm(0), at(RSI, offset), mask);
            load(a, ymm(1), at(RDX, offset), mask);
            a.emit(VFMADD231PS, ymm(sums + sum), ymm(0), ymm(1));
        });
        total(a, VADDPS, sums);
        a.store(VMOVSS_STORE, at(RDI, FIRST_NUMBER), ymm(sums).x());
    }

    /** A += B. */
    static void add(Assembler a) {
        two(a, VADDPS);
    }

    /** A *= B. */
    static void multiply(Assembler a) {
        two(a, VMULPS);
    }

    private static void two(Assembler a, VexOp op) {
        operands(a);
        loop(a, new int[] {VECTOR, VECTOR}, mask -> {
            load(a, ymm(0), at(RSI, 0), mask);
            load(a, ymm(1), at(RDX, 0), mask);
            a.emit(op, ymm(0), ymm(0), ymm(1));
            store(a, at(RSI, 0), ymm(0), mask);
        });
    }

    /** A += B · C. */
    static void addProduct(Assembler a) {
        operands(a);
        loop(a, new int[] {VECTOR, VECTOR, VECTOR}, mask -> {
            load(a, ymm(0), at(RSI, 0), mask);
            load(a, ymm(1), at(RDX, 0), mask);
            load(a, ymm(2), at(R8, 0), mask);
            a.emit(VFMADD231PS, ymm(0), ymm(1), ymm(2));
            store(a, at(RSI, 0), ymm(0), mask);
        });
    }

    /** A += first number · B. */
    static void addScaled(Assembler a) {
        Vec scale = ymm(2);
        operands(a);
        a.emit(VBROADCASTSS, scale, at(RDI, FIRST_NUMBER));
        loop(a, new int[] {VECTOR, VECTOR}, mask -> {
            load(a, ymm(0), at(RSI, 0), mask);
            load(a, ymm(1), at(RDX, 0), mask);
            a.emit(VFMADD231PS, ymm(0), ymm(1), scale);
            store(a, at(RSI, 0), ymm(0), mask);
        });
    }

    /** A, B = A · C − B · D, B · C + A · D: the rotation of pairs that lie half a row apart. */
    static void rotateHalves(Assembler a) {
        operands(a);
        loop(a, new int[] {VECTOR, VECTOR, VECTOR, VECTOR}, mask -> {
            load(a, ymm(0), at(RSI, 0), mask);
            load(a, ymm(1), at(RDX, 0), mask);
            load(a, ymm(2), at(R8, 0), mask);
            load(a, ymm(3), at(R9, 0), mask);
            a.emit(VMULPS, ymm(4), ymm(0), ymm(2));
            a.emit(VFNMADD231PS, ymm(4), ymm(1), ymm(3));
            a.emit(VMULPS, ymm(5), ymm(1), ymm(2));
            a.emit(VFMADD231PS, ymm(5), ymm(0), ymm(3));
            store(a, at(RSI, 0), ymm(4), mask);
            store(a, at(RDX, 0), ymm(5), mask);
        });
    }

    /** The rotation of neighbours in A by cosines C and sines D, four pairs at a time. */
    static void rotateNeighbours(Assembler a) {
        Vec pairs = ymm(6);
        Vec signs = ymm(7);
        Vec half = ymm(5);
        operands(a);
        constant(a, pairs, PAIRS);
        constant(a, signs, SIGNS);
        loop(a, new int[] {VECTOR, 0, VECTOR / 2, VECTOR / 2}, mask -> {
            if (mask != null) {
                a.load(RAX, at(RDI, HALF_MASK));
                a.emit(VMOVUPS, half.x(), at(RAX, 0));
            }
            load(a, ymm(0), at(RSI, 0), mask);
            load(a, ymm(2).x(), at(R8, 0), mask == null ? null : half.x());
            load(a, ymm(3).x(), at(R9, 0), mask == null ? null : half.x());
            a.emit(VPERMD, ymm(2), pairs, ymm(2));
            a.emit(VPERMD, ymm(3), pairs, ymm(3));
            a.emit(VPXOR, ymm(3), ymm(3), signs);
            a.emit(VPSHUFD, ymm(1), ymm(0), SWAP_NEIGHBOURS);
            a.emit(VMULPS, ymm(1), ymm(1), ymm(3));
            a.emit(VFMADD231PS, ymm(1), ymm(0), ymm(2));
            store(a, at(RSI, 0), ymm(1), mask);
        });
    }

    /** B = A as halves, rounded to nearest even. */
    static void toHalf(Assembler a) {
        operands(a);
        loop(a, new int[] {VECTOR, VECTOR / 2}, mask -> {
            load(a, ymm(0), at(RSI, 0), mask);
            if (mask == null) {
                a.store(VCVTPS2PH, at(RDX, 0), ymm(0));
                return;
            }
            a.store(VCVTPS2PH, at(RDI, BLOCK), ymm(0));
            a.lea(RSI, at(RDI, BLOCK));
            a.load(RCX, at(RDI, REST));
            Label word = new Label();
            a.place(word);
            a.load16(RAX, at(RSI, 0));
            a.store16(at(RDX, 0), RAX);
            a.add(RSI, Short.BYTES);
            a.add(RDX, Short.BYTES);
            a.sub(RCX, 1);
            a.jump(Condition.NOT_EQUAL, word);
        });
    }

    /**
     * B = A rounded to {@link CacheFormat#BYTES}; {@link #VECTORS} counts blocks, {@link #REST} the floats after them, which are copied to
     * a block of zeros first.
     */
    static void toBytes(Assembler a) {
        Label next = new Label();
        Label rest = new Label();
        Label end = new Label();
        operands(a);
        constant(a, ymm(12), ABSOLUTE);
        constant(a, ymm(13), LARGEST_BYTE);
        constant(a, ymm(14), ONES);
        a.mov(R10, IN_ORDER);
        a.load(RCX, at(RDI, VECTORS));
        a.test(RCX, RCX);
        a.jump(Condition.EQUAL, rest);
        a.place(next);
        block(a);
        a.add(RSI, Float.BYTES * CacheFormat.BLOCK);
        a.add(RDX, Short.BYTES + CacheFormat.BLOCK);
        a.sub(RCX, 1);
        a.jump(Condition.NOT_EQUAL, next);
        a.place(rest);
        a.load(RCX, at(RDI, REST));
        a.test(RCX, RCX);
        a.jump(Condition.EQUAL, end);
        clear(a, ymm(0));
        for (int i = 0; i < Float.BYTES * CacheFormat.BLOCK; i += VECTOR) {
            a.store(VMOVUPS_STORE, at(RDI, BLOCK + i), ymm(0));
        }
        a.lea(R8, at(RDI, BLOCK));
        Label copied = new Label();
        a.place(copied);
        a.load32(RAX, at(RSI, 0));
        a.store32(at(R8, 0), RAX);
        a.add(RSI, Float.BYTES);
        a.add(R8, Float.BYTES);
        a.sub(RCX, 1);
        a.jump(Condition.NOT_EQUAL, copied);
        a.lea(RSI, at(RDI, BLOCK));
        a.mov(R11, RDX);
        a.lea(RDX, at(RDI, ROUNDED));
        block(a);
        a.load(RCX, at(RDI, REST));
        a.add(RCX, Short.BYTES);
        Label written = new Label();
        a.place(written);
        a.load8(RAX, at(RDX, 0));
        a.store8(at(R11, 0), RAX);
        a.add(RDX, 1);
        a.add(R11, 1);
        a.sub(RCX, 1);
        a.jump(Condition.NOT_EQUAL, written);
        a.place(end);
    }

    /** A scale and 32 bytes at RDX of 32 floats at RSI. */
    private static void block(Assembler a) {
        Vec most = ymm(8);
        Vec unreal = ymm(9);
        Vec temporary = ymm(10);
        Vec zero = ymm(11);
        Vec absolute = ymm(12);
        Vec largest = ymm(13);
        clear(a, zero);
        clear(a, unreal);
        for (int i = 0; i < 4; i++) {
            a.emit(VMOVUPS, ymm(i), at(RSI, VECTOR * i));
            Vec size = i == 0 ? most : temporary;
            a.emit(VANDPS, size, ymm(i), absolute);
            if (i > 0) {
                a.emit(VMAXPS, most, most, temporary);
            }
            // Zero times what is not finite is no number.
            a.emit(VFMADD231PS, unreal, ymm(i), zero);
        }
        Lanes.join(a, VMAXPS, most, temporary);
        Lanes.join(a, VADDPS, unreal, temporary);
        a.emit(VADDPS, most, most, unreal);
        a.emit(VDIVPS, most, most, largest);
        a.store(VCVTPS2PH, temporary.x(), most);
        a.store(VPEXTRW, at(RDX, 0), temporary.x());
        // A scale that a half cannot hold is zero, and then everything is.
        a.emit(VCVTPH2PS, temporary, temporary.x());
        a.emit(VCMPPS, temporary, temporary, zero, NOT_EQUAL);
        a.emit(VDIVPS, most, ymm(14), most);
        a.emit(VANDPS, most, most, temporary);
        for (int i = 0; i < 4; i++) {
            a.emit(VMULPS, ymm(i), ymm(i), most);
            a.emit(VCVTPS2DQ, ymm(i), ymm(i));
        }
        a.emit(VPACKSSDW, ymm(0), ymm(0), ymm(1));
        a.emit(VPACKSSDW, ymm(2), ymm(2), ymm(3));
        a.emit(VPACKSSWB, ymm(0), ymm(0), ymm(2));
        a.emit(VMOVUPS, temporary, at(R10, 0));
        a.emit(VPERMD, ymm(0), temporary, ymm(0));
        a.store(VMOVDQU_STORE, at(RDX, Short.BYTES), ymm(0));
    }
}
