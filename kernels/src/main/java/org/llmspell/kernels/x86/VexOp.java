package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.Shape.LOAD;
import static org.llmspell.kernels.x86.Op.Shape.SHIFT;
import static org.llmspell.kernels.x86.Op.Shape.STORE;
import static org.llmspell.kernels.x86.Op.Shape.THREE;

import org.llmspell.kernels.x86.Op.Shape;

/**
 * The AVX, AVX2, FMA, F16C and AVX-VNNI instructions in use, by their VEX encoding (Intel SDM volume 2): 128 or 256 bits of vector
 * registers 0 to 15, without masks. Only what some kernel needs is here; a test compares each with a disassembler.
 */
enum VexOp {
    VADDPS(THREE, 1, 0, 0, 0x58),
    VMULPS(THREE, 1, 0, 0, 0x59),
    VSUBPS(THREE, 1, 0, 0, 0x5C),
    VDIVPS(THREE, 1, 0, 0, 0x5E),
    VMINPS(THREE, 1, 0, 0, 0x5D),
    VMAXPS(THREE, 1, 0, 0, 0x5F),
    VSQRTPS(LOAD, 1, 0, 0, 0x51),
    VROUNDPS(LOAD, 3, 1, 0, 0x08, true),
    VCMPPS(THREE, 1, 0, 0, 0xC2, true),
    VANDPS(THREE, 1, 0, 0, 0x54),
    VANDNPS(THREE, 1, 0, 0, 0x55),
    VORPS(THREE, 1, 0, 0, 0x56),
    VFMADD213PS(THREE, 2, 1, 0, 0xA8),
    VFMADD231PS(THREE, 2, 1, 0, 0xB8),
    VFNMADD231PS(THREE, 2, 1, 0, 0xBC),
    VPERMPS(THREE, 2, 1, 0, 0x16),
    VCVTDQ2PS(LOAD, 1, 0, 0, 0x5B),
    VCVTPS2DQ(LOAD, 1, 1, 0, 0x5B),
    VCVTPH2PS(LOAD, 2, 1, 0, 0x13),
    VCVTPS2PH(STORE, 3, 1, 0, 0x1D, true),
    VMOVUPS(LOAD, 1, 0, 0, 0x10),
    VMOVUPS_STORE(STORE, 1, 0, 0, 0x11),
    /** destination, mask, memory: lanes whose mask has no sign become zero, and their memory is not touched. */
    VMASKMOVPS_LOAD(THREE, 2, 1, 0, 0x2C),
    /** source, mask, memory, which is written where the mask has a sign. */
    VMASKMOVPS_STORE(THREE, 2, 1, 0, 0x2E),
    VMOVSS_LOAD(LOAD, 1, 2, 0, 0x10),
    VMOVSS_STORE(STORE, 1, 2, 0, 0x11),
    VMOVDQU(LOAD, 1, 2, 0, 0x6F),
    VMOVDQU_STORE(STORE, 1, 2, 0, 0x7F),
    VBROADCASTSS(LOAD, 2, 1, 0, 0x18),
    VPBROADCASTW(LOAD, 2, 1, 0, 0x79),
    VPBROADCASTD(LOAD, 2, 1, 0, 0x58),
    VINSERTI128(THREE, 3, 1, 0, 0x38, true),
    VEXTRACTI128(STORE, 3, 1, 0, 0x39, true),
    VPERM2I128(THREE, 3, 1, 0, 0x46, true),
    VPERMQ(LOAD, 3, 1, 1, 0x00, true),
    VPERMD(THREE, 2, 1, 0, 0x36),
    VPSHUFD(LOAD, 1, 1, 0, 0x70, true),
    VPSHUFB(THREE, 2, 1, 0, 0x00),
    VPBLENDD(THREE, 3, 1, 0, 0x02, true),
    VPUNPCKHBW(THREE, 1, 1, 0, 0x68),
    VPUNPCKLWD(THREE, 1, 1, 0, 0x61),
    VUNPCKLPS(THREE, 1, 0, 0, 0x14),
    VUNPCKHPS(THREE, 1, 0, 0, 0x15),
    VUNPCKLPD(THREE, 1, 1, 0, 0x14),
    VUNPCKHPD(THREE, 1, 1, 0, 0x15),
    VPEXTRW(STORE, 3, 1, 0, 0x15, true),
    VPACKSSDW(THREE, 1, 1, 0, 0x6B),
    VPACKUSDW(THREE, 2, 1, 0, 0x2B),
    VPACKSSWB(THREE, 1, 1, 0, 0x63),
    VPMOVZXBW(LOAD, 2, 1, 0, 0x30),
    VPMOVSXBW(LOAD, 2, 1, 0, 0x20),
    VPMOVSXBD(LOAD, 2, 1, 0, 0x21),
    VPMOVZXWD(LOAD, 2, 1, 0, 0x33),
    VPAND(THREE, 1, 1, 0, 0xDB),
    VPOR(THREE, 1, 1, 0, 0xEB),
    VPXOR(THREE, 1, 1, 0, 0xEF),
    VPCMPEQB(THREE, 1, 1, 0, 0x74),
    VPCMPEQD(THREE, 1, 1, 0, 0x76),
    VPSRLW(SHIFT, 1, 1, 0, 0x71, 2),
    VPSLLW(SHIFT, 1, 1, 0, 0x71, 6),
    VPSRLD(SHIFT, 1, 1, 0, 0x72, 2),
    VPSLLD(SHIFT, 1, 1, 0, 0x72, 6),
    VPSRAD(SHIFT, 1, 1, 0, 0x72, 4),
    VPSRLVD(THREE, 2, 1, 0, 0x45),
    VPADDB(THREE, 1, 1, 0, 0xFC),
    VPADDW(THREE, 1, 1, 0, 0xFD),
    VPADDD(THREE, 1, 1, 0, 0xFE),
    VPSUBD(THREE, 1, 1, 0, 0xFA),
    VPHADDD(THREE, 2, 1, 0, 0x02),
    VPABSB(LOAD, 2, 1, 0, 0x1C),
    VPSIGNB(THREE, 2, 1, 0, 0x08),
    VPMULLD(THREE, 2, 1, 0, 0x40),
    VPMADDWD(THREE, 1, 1, 0, 0xF5),
    VPMADDUBSW(THREE, 2, 1, 0, 0x04),
    VPDPBUSD(THREE, 2, 1, 0, 0x50),
    VPDPWSSD(THREE, 2, 1, 0, 0x52);

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

    VexOp(Shape shape, int map, int prefix, int w, int opcode) {
        this(shape, map, prefix, w, opcode, false, 0);
    }

    VexOp(Shape shape, int map, int prefix, int w, int opcode, boolean immediate) {
        this(shape, map, prefix, w, opcode, immediate, 0);
    }

    VexOp(Shape shape, int map, int prefix, int w, int opcode, int extension) {
        this(shape, map, prefix, w, opcode, true, extension);
    }

    VexOp(Shape shape, int map, int prefix, int w, int opcode, boolean immediate, int extension) {
        this.shape = shape;
        this.map = map;
        this.prefix = prefix;
        this.w = w;
        this.opcode = opcode;
        this.immediate = immediate;
        this.extension = extension;
    }
}
