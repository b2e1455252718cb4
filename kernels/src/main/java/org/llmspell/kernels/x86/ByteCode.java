package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VCMPPS;
import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VCVTPS2DQ;
import static org.llmspell.kernels.x86.Op.VCVTPS2PH;
import static org.llmspell.kernels.x86.Op.VDIVPS;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPMAXUD;
import static org.llmspell.kernels.x86.Op.VPMOVDW;
import static org.llmspell.kernels.x86.Op.VPMOVSDB;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.RowCode.constant;
import static org.llmspell.kernels.x86.Vec.zmm;

import org.llmspell.kernels.CacheFormat;
import org.llmspell.kernels.x86.Assembler.Condition;
import org.llmspell.kernels.x86.Assembler.Label;

/** The code that rounds a row of keys or values to {@link CacheFormat#BYTES}, a block of 32 at a time. */
final class ByteCode {
    /** Where the arguments stand in the block: floats, where bytes go, whole blocks, a bit for each float after them. */
    static final int X = 0;

    static final int TARGET = 8;
    static final int BLOCKS = 16;
    static final int REST = 24;

    private static final int VECTOR = CacheFormat.BLOCK / 2;
    private static final int LOWER = 1;
    private static final int UPPER = 2;
    private static final int FIRST_LANE = 3;
    private static final int SOME = 4;
    private static final int NOT_EQUAL = 4;

    private static final long MAGNITUDE = Constants.ints(i -> 0x7FFFFFFF);
    private static final long ONES = RowCode.floats(1);
    private static final long GREATEST = RowCode.floats(127);

    private static final Vec MAGNITUDE_BITS = zmm(16);
    private static final Vec ONE = zmm(17);
    private static final Vec GREATEST_BYTE = zmm(18);
    private static final Vec ZERO = zmm(19);

    private ByteCode() {}

    static void write(Assembler a) {
        Label next = new Label();
        Label rest = new Label();
        Label end = new Label();
        constant(a, MAGNITUDE_BITS, MAGNITUDE);
        constant(a, ONE, ONES);
        constant(a, GREATEST_BYTE, GREATEST);
        a.emit(VPXORD, ZERO, ZERO, ZERO);
        a.mov(RAX, 1L);
        a.kmovd(FIRST_LANE, RAX);
        a.load(RSI, at(RDI, X));
        a.load(RDX, at(RDI, TARGET));
        a.load(RCX, at(RDI, BLOCKS));
        a.test(RCX, RCX);
        a.jump(Condition.EQUAL, rest);
        a.place(next);
        block(a, Mask.NONE, Mask.NONE);
        a.add(RSI, Float.BYTES * CacheFormat.BLOCK);
        a.add(RDX, Short.BYTES + CacheFormat.BLOCK);
        a.sub(RCX, 1);
        a.jump(Condition.NOT_EQUAL, next);
        a.place(rest);
        a.load32(RAX, at(RDI, REST));
        a.test(RAX, RAX);
        a.jump(Condition.EQUAL, end);
        a.load16(RAX, at(RDI, REST));
        a.kmovd(LOWER, RAX);
        a.load16(RAX, at(RDI, REST + Short.BYTES));
        a.kmovd(UPPER, RAX);
        block(a, Mask.zeroing(LOWER), Mask.zeroing(UPPER));
        a.place(end);
    }

    private static void block(Assembler a, Mask lower, Mask upper) {
        Vec most = zmm(2);
        Vec scale = zmm(3);
        a.emit(VMOVUPS, zmm(0), at(RSI, 0), lower);
        a.emit(VMOVUPS, zmm(1), at(RSI, Float.BYTES * VECTOR), upper);
        // As integers, magnitudes are in the same order, and what is no number is above all.
        a.emit(VPANDD, most, zmm(0), MAGNITUDE_BITS);
        a.emit(VPANDD, scale, zmm(1), MAGNITUDE_BITS);
        a.emit(VPMAXUD, most, most, scale);
        Lanes.join(a, VPMAXUD, most, scale);
        a.emit(VDIVPS, scale, most, GREATEST_BYTE);
        a.store(VCVTPS2PH, zmm(4).y(), scale, 0);
        a.store(VPMOVDW, at(RDX, 0), zmm(4), Mask.merging(FIRST_LANE), 0);
        // A scale that a half cannot hold is zero, and then everything is.
        a.emit(VCVTPH2PS, zmm(4), zmm(4).y());
        a.compare(VCMPPS, SOME, zmm(4), ZERO, NOT_EQUAL);
        a.emit(VDIVPS, scale, ONE, scale, Mask.zeroing(SOME), 0);
        bytes(a, zmm(0), scale, 0, lower);
        bytes(a, zmm(1), scale, VECTOR, upper);
    }

    private static void bytes(Assembler a, Vec floats, Vec inverse, int from, Mask mask) {
        a.emit(VMULPS, floats, floats, inverse);
        a.emit(VCVTPS2DQ, floats, floats);
        Mask stored = mask.number() == 0 ? Mask.NONE : Mask.merging(mask.number());
        a.store(VPMOVSDB, at(RDX, Short.BYTES + from), floats, stored, 0);
    }
}
