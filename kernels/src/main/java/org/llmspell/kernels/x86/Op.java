package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.Shape.COMPARE;
import static org.llmspell.kernels.x86.Op.Shape.LOAD;
import static org.llmspell.kernels.x86.Op.Shape.SHIFT;
import static org.llmspell.kernels.x86.Op.Shape.STORE;
import static org.llmspell.kernels.x86.Op.Shape.THREE;

/**
 * The AVX-512 instructions in use, by their EVEX encoding (Intel SDM volume 2). Only what some kernel needs is here; a test
 * compares each with a disassembler.
 */
enum Op {
    VADDPS(THREE, 1, 0, 0, 0x58),
    VMULPS(THREE, 1, 0, 0, 0x59),
    VSUBPS(THREE, 1, 0, 0, 0x5C),
    VDIVPS(THREE, 1, 0, 0, 0x5E),
    VMINPS(THREE, 1, 0, 0, 0x5D),
    VMAXPS(THREE, 1, 0, 0, 0x5F),
    VCMPPS(COMPARE, 1, 0, 0, 0xC2, true),
    VFMADD213PS(THREE, 2, 1, 0, 0xA8),
    VFMADD231PS(THREE, 2, 1, 0, 0xB8),
    VFNMADD231PS(THREE, 2, 1, 0, 0xBC),
    VSCALEFPS(THREE, 2, 1, 0, 0x2C),
    VRNDSCALEPS(LOAD, 3, 1, 0, 0x08, true),
    VSQRTPS(LOAD, 1, 0, 0, 0x51),
    VUNPCKLPS(THREE, 1, 0, 0, 0x14),
    VUNPCKHPS(THREE, 1, 0, 0, 0x15),
    VUNPCKLPD(THREE, 1, 1, 1, 0x14),
    VUNPCKHPD(THREE, 1, 1, 1, 0x15),
    VCVTPS2PH(STORE, 3, 1, 0, 0x1D, true),
    VCVTDQ2PS(LOAD, 1, 0, 0, 0x5B),
    VCVTPS2DQ(LOAD, 1, 1, 0, 0x5B),
    VCVTPH2PS(LOAD, 2, 1, 0, 0x13),
    VMOVUPS(LOAD, 1, 0, 0, 0x10),
    VMOVUPS_STORE(STORE, 1, 0, 0, 0x11),
    VMOVSS_STORE(STORE, 1, 2, 0, 0x11),
    VMOVSS_LOAD(LOAD, 1, 2, 0, 0x10),
    VMOVDQU32(LOAD, 1, 2, 0, 0x6F),
    VMOVDQU32_STORE(STORE, 1, 2, 0, 0x7F),
    VMOVQ_STORE(STORE, 1, 1, 1, 0xD6),
    VBROADCASTSS(LOAD, 2, 1, 0, 0x18),
    VPBROADCASTW(LOAD, 2, 1, 0, 0x79),
    VPBROADCASTD(LOAD, 2, 1, 0, 0x58),
    VBROADCASTI32X4(LOAD, 2, 1, 0, 0x5A),
    VBROADCASTI64X4(LOAD, 2, 1, 1, 0x5B),
    VINSERTI64X4(THREE, 3, 1, 1, 0x3A, true),
    VEXTRACTI32X4(STORE, 3, 1, 0, 0x39, true),
    VEXTRACTI64X4(STORE, 3, 1, 1, 0x3B, true),
    VSHUFI32X4(THREE, 3, 1, 0, 0x43, true),
    VPSHUFD(LOAD, 1, 1, 0, 0x70, true),
    VPSHUFB(THREE, 2, 1, 0, 0x00),
    VPERMW(THREE, 2, 1, 1, 0x8D),
    VPERMD(THREE, 2, 1, 0, 0x36),
    VPCOMPRESSD(STORE, 2, 1, 0, 0x8B),
    VPMOVZXBW(LOAD, 2, 1, 0, 0x30),
    VPMOVSXBW(LOAD, 2, 1, 0, 0x20),
    VPMOVSXBD(LOAD, 2, 1, 0, 0x21),
    VPMOVZXWD(LOAD, 2, 1, 0, 0x33),
    VPMOVZXBD(LOAD, 2, 1, 0, 0x31),
    VPMOVDW(STORE, 2, 2, 0, 0x33),
    VPMOVSDB(STORE, 2, 2, 0, 0x21),
    VPANDD(THREE, 1, 1, 0, 0xDB),
    VPORD(THREE, 1, 1, 0, 0xEB),
    VPXORD(THREE, 1, 1, 0, 0xEF),
    VPTERNLOGD(THREE, 3, 1, 0, 0x25, true),
    VPSRLW(SHIFT, 1, 1, 0, 0x71, 2),
    VPSLLW(SHIFT, 1, 1, 0, 0x71, 6),
    VPSRLD(SHIFT, 1, 1, 0, 0x72, 2),
    VPSLLD(SHIFT, 1, 1, 0, 0x72, 6),
    VPSRAD(SHIFT, 1, 1, 0, 0x72, 4),
    VPSRLVW(THREE, 2, 1, 1, 0x10),
    VPSRLVD(THREE, 2, 1, 0, 0x45),
    VPADDB(THREE, 1, 1, 0, 0xFC),
    VPADDW(THREE, 1, 1, 0, 0xFD),
    VPADDD(THREE, 1, 1, 0, 0xFE),
    VPSUBB(THREE, 1, 1, 0, 0xF8),
    VPSUBD(THREE, 1, 1, 0, 0xFA),
    VPMAXUD(THREE, 2, 1, 0, 0x3F),
    VPMULLD(THREE, 2, 1, 0, 0x40),
    VPMADDWD(THREE, 1, 1, 0, 0xF5),
    VPMADDUBSW(THREE, 2, 1, 0, 0x04),
    VPDPBUSD(THREE, 2, 1, 0, 0x50),
    VPDPWSSD(THREE, 2, 1, 0, 0x52),
    VDPBF16PS(THREE, 2, 2, 0, 0x52),
    VCVTNE2PS2BF16(THREE, 2, 3, 0, 0x72);

    /** Where the operands go. */
    enum Shape {
        /** destination, first source, second source */
        THREE,
        /** destination, source */
        LOAD,
        /** destination, source, where the destination may be memory */
        STORE,
        /** destination, source, immediate count */
        SHIFT,
        /** destination mask, first source, second source, immediate condition */
        COMPARE
    }

    final Shape shape;
    /** The opcode map: 1 for 0F, 2 for 0F38, 3 for 0F3A. */
    final int map;
    /** The implied prefix: 0 none, 1 for 66, 2 for F3, 3 for F2. */
    final int prefix;

    final int w;
    final int opcode;
    final boolean immediate;
    /** What stands in the register field of a {@link Shape#SHIFT}. */
    final int extension;

    Op(Shape shape, int map, int prefix, int w, int opcode) {
        this(shape, map, prefix, w, opcode, false, 0);
    }

    Op(Shape shape, int map, int prefix, int w, int opcode, boolean immediate) {
        this(shape, map, prefix, w, opcode, immediate, 0);
    }

    Op(Shape shape, int map, int prefix, int w, int opcode, int extension) {
        this(shape, map, prefix, w, opcode, true, extension);
    }

    Op(Shape shape, int map, int prefix, int w, int opcode, boolean immediate, int extension) {
        this.shape = shape;
        this.map = map;
        this.prefix = prefix;
        this.w = w;
        this.opcode = opcode;
        this.immediate = immediate;
        this.extension = extension;
    }
}
