package org.llmspell.kernels.x86;

import java.util.EnumMap;
import java.util.Map;

/**
 * The sets of instructions in which panels of weights, two vectors of rows, are unpacked and multiplied. Code that unpacks is written once
 * for all: a row is a lane, and there are 16 lanes or 8.
 *
 * <p>A panel is a sequence of runs, 16 or 32 quants of each row:
 * <pre>
 * i8 or u8 quants [run / 4][rows][4]
 * f32      scales [rows]
 * f32      minima [rows]   what is added to each weight
 * </pre>
 */
enum PanelIsa {
    /** AVX-512 with VNNI. Quants without minima are stored 128 too large. */
    AVX512(16),
    /** AVX2 alone. Quants are stored as the format has them, and where they are signed, as signed bytes. */
    AVX2(8),
    /** AVX2 with AVX-VNNI. Likewise, but signed ones are stored 128 too large. */
    AVX2_VNNI(8);

    private static final Map<Op, VexOp> NARROW = new EnumMap<>(Map.ofEntries(
            Map.entry(Op.VMULPS, VexOp.VMULPS),
            Map.entry(Op.VSUBPS, VexOp.VSUBPS),
            Map.entry(Op.VCVTDQ2PS, VexOp.VCVTDQ2PS),
            Map.entry(Op.VMOVDQU32, VexOp.VMOVDQU),
            Map.entry(Op.VMOVDQU32_STORE, VexOp.VMOVDQU_STORE),
            Map.entry(Op.VMOVUPS_STORE, VexOp.VMOVUPS_STORE),
            Map.entry(Op.VPSHUFB, VexOp.VPSHUFB),
            Map.entry(Op.VPANDD, VexOp.VPAND),
            Map.entry(Op.VPORD, VexOp.VPOR),
            Map.entry(Op.VPXORD, VexOp.VPXOR),
            Map.entry(Op.VPSRLD, VexOp.VPSRLD),
            Map.entry(Op.VPSLLD, VexOp.VPSLLD),
            Map.entry(Op.VPSRAD, VexOp.VPSRAD),
            Map.entry(Op.VPADDB, VexOp.VPADDB),
            Map.entry(Op.VPSUBD, VexOp.VPSUBD)));

    private static final int FIRST_OR_SECOND_AND_THIRD = 0xF8;

    private final int lanes;

    PanelIsa(int lanes) {
        this.lanes = lanes;
    }

    /** Whether it is AVX-512. */
    boolean wide() {
        return this == AVX512;
    }

    /** Rows of a vector. */
    int lanes() {
        return lanes;
    }

    /** Bytes of a vector. */
    int vectorBytes() {
        return Integer.BYTES * lanes;
    }

    /** Rows of a panel. */
    int rows() {
        return 2 * lanes;
    }

    /** Bytes of a run of {@code run} quants in a panel. */
    int runBytes(int run) {
        return rows() * (run + 2 * Float.BYTES);
    }

    /** Where a run's scales are. */
    int scales(int run) {
        return rows() * run;
    }

    /** Where a run's minima are. */
    int minima(int run) {
        return rows() * (run + Float.BYTES);
    }

    /** A register of this width, by its number. */
    Vec vector(int number) {
        return wide() ? Vec.zmm(number) : Vec.ymm(number);
    }

    void emit(Assembler a, Op op, Vec destination, Vec first, Source second) {
        if (wide()) {
            a.emit(op, destination, first, second);
        } else {
            a.emit(narrow(op), destination, first, second);
        }
    }

    void emit(Assembler a, Op op, Vec destination, Source source) {
        emit(a, op, destination, source, 0);
    }

    void emit(Assembler a, Op op, Vec destination, Source source, int immediate) {
        if (wide()) {
            a.emit(op, destination, source, immediate);
        } else {
            a.emit(narrow(op), destination, source, immediate);
        }
    }

    void store(Assembler a, Op op, Mem destination, Vec source) {
        if (wide()) {
            a.store(op, destination, source);
        } else {
            a.store(narrow(op), destination, source);
        }
    }

    /** {@code destination |= first & second}; register 15 is spoilt. */
    void orAnd(Assembler a, Vec destination, Vec first, Vec second) {
        if (wide()) {
            a.emit(Op.VPTERNLOGD, destination, first, second, FIRST_OR_SECOND_AND_THIRD);
        } else {
            a.emit(VexOp.VPAND, Vec.ymm(15), first, second);
            a.emit(VexOp.VPOR, destination, destination, Vec.ymm(15));
        }
    }

    private static VexOp narrow(Op op) {
        VexOp narrow = NARROW.get(op);
        if (narrow == null) {
            throw new IllegalArgumentException("no " + op + " for 8 rows");
        }
        return narrow;
    }
}
