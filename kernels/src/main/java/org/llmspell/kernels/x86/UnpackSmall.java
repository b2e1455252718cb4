package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VBROADCASTI32X4;
import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VINSERTI64X4;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPERMD;
import static org.llmspell.kernels.x86.Op.VPORD;
import static org.llmspell.kernels.x86.Op.VPSHUFB;
import static org.llmspell.kernels.x86.Op.VPSRLD;
import static org.llmspell.kernels.x86.Op.VPSUBD;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Op.VSCALEFPS;

import org.llmspell.kernels.format.TableBlocks;

/** Unpacks the formats whose blocks are 32 weights: several blocks at once, or one. */
final class UnpackSmall extends UnpackCode {
    /** A format's block: the factor, then the minimum, the fifth bits, the quants. */
    enum Layout {
        Q4_0(18, 2, -1, false),
        Q4_1(20, 4, -1, true),
        Q5_0(22, 6, 2, false),
        Q5_1(24, 8, 4, true),
        Q8_0(34, 2, -1, false),
        IQ4_NL(18, 2, -1, false),
        MXFP4(17, 1, -1, false);

        private final int bytes;
        /** Where they start: bytes, or nibbles of which the lower ones come first. */
        private final int quants;
        /** Where they start, or −1. */
        private final int fifthBits;
        /** Whether there is a minimum; if not, quants are stored 128 too large. */
        final boolean minima;

        Layout(int bytes, int quants, int fifthBits, boolean minima) {
            this.bytes = bytes;
            this.quants = quants;
            this.fifthBits = fifthBits;
            this.minima = minima;
        }

        /** How many blocks are unpacked at once where there are as many: as many as have 64 bytes of quants. */
        int together() {
            return this == Q8_0 ? 2 : 4;
        }

        int bytes() {
            return bytes;
        }
    }

    /** What a nibble means, and 128. */
    private static final long Q4_LEVELS = Constants.bytes(i -> i % 16 - 8 + 128);

    private static final byte[] NONLINEAR = TableBlocks.nonlinearLevels();
    private static final byte[] E2M1 = TableBlocks.e2m1Levels();
    private static final long NONLINEAR_LEVELS = Constants.bytes(i -> NONLINEAR[i % 16] + 128);
    private static final long E2M1_LEVELS = Constants.bytes(i -> E2M1[i % 16] + 128);
    private static final long SIGNED_NONLINEAR_LEVELS = Constants.bytes(i -> NONLINEAR[i % 16]);

    /** What the levels of MXFP4 are too large by in AVX2: none is below −12. */
    static final int E2M1_EXCESS = 16;

    private static final long NARROW_E2M1_LEVELS = Constants.bytes(i -> E2M1[i % 16] + E2M1_EXCESS);
    private static final long SIGN = Constants.bytes(i -> 0x80);

    /** For four bits, 16 in each byte whose bit is set; or likewise, taken with −16 and 128. */
    private static final long FIFTH = Constants.ints(i -> spread(i, 0x10, 0));

    private static final long FIFTH_CENTERED = Constants.ints(i -> spread(i, 0x80, 0x70));
    /** The scale of MXFP4 is two to the power of its byte less 127, and its levels are doubled. */
    private static final long EXPONENT_OFFSET = Constants.ints(i -> 128);

    /** Of half such a power, as of a float32. */
    private static final long HALF_EXPONENT = Constants.ints(i -> 127 - 128 / 2);

    private static final long ONE = Constants.ints(i -> Float.floatToRawIntBits(1));

    /**
     * How 8 lanes come to their fifth bits: for each two of eight words which byte to take four times, then for each one of two which bit
     * of each byte, then what it is worth.
     */
    private static final long FIFTH_TABLE = Constants.table(32 * 7, i -> {
        int part = i / 32;
        return part < 4 ? i % 16 / 4 * 4 + part : part < 6 ? 1 << 4 * (part - 4) + i % 4 : 0x10;
    });

    private static final int FIFTH_BITS = 128;
    private static final int FIFTH_WORTH = 192;

    /** Places on the stage, behind the quants of the blocks. */
    private static final int FACTORS = 16;

    private static final int FIFTHS = 20;

    private final Layout layout;
    private final int blocks;
    private final int blockBytesAhead;

    /**
     * Code for {@code blocks} blocks at once.
     *
     * @param ahead how many bytes further on memory is asked for
     */
    UnpackSmall(PanelIsa isa, Layout layout, int blocks, int ahead) {
        super(isa, 32, blocks, blocks * layout.bytes, ahead);
        this.layout = layout;
        this.blocks = blocks;
        this.blockBytesAhead = ahead;
    }

    private static int spread(int bits, int set, int clear) {
        int word = 0;
        for (int i = 0; i < 4; i++) {
            word |= ((bits >> i & 1) == 1 ? set : clear) << 8 * i;
        }
        return word;
    }

    private int wordsOfQuants() {
        return layout == Layout.Q8_0 ? 8 : 4;
    }

    @Override
    void prepare(Assembler a) {
        if (!isa.wide()) {
            return;
        }
        for (int block = 1; block < 4; block++) {
            a.mov(RAX, 0xF << 4 * block);
            a.kmovd(block, RAX);
        }
    }

    @Override
    void stage(Assembler a) {
        if (isa.wide()) {
            stageTogether(a);
        } else {
            for (int block = 0; block < blocks; block++) {
                int words = wordsOfQuants();
                stageWords(a, block * layout.bytes + layout.quants, words, block * words);
            }
        }
        for (int block = 0; block < blocks; block++) {
            stageWord(a, block * layout.bytes, FACTORS + block);
            if (layout.fifthBits >= 0) {
                stageWord(a, block * layout.bytes + layout.fifthBits, FIFTHS + block);
            }
        }
    }

    private void stageTogether(Assembler a) {
        transpose(a, 0, blocks * wordsOfQuants(), (row, vector) -> {
            Mem first = at(RAX, RSI, 1, layout.quants);
            if (layout == Layout.Q8_0) {
                a.emit(VMOVDQU32, vector.y(), first);
                if (blocks > 1) {
                    a.emit(VINSERTI64X4, vector, vector, first.plus(layout.bytes), 1);
                }
            } else {
                a.emit(VMOVDQU32, vector.x(), first);
                for (int block = 1; block < blocks; block++) {
                    a.emit(VBROADCASTI32X4, vector, first.plus(block * layout.bytes), Mask.merging(block));
                }
            }
            a.prefetch(first.plus(blockBytesAhead));
        });
    }

    @Override
    void expand(Assembler a) {
        for (int block = 0; block < blocks; block++) {
            scales(a, block);
        }
        if (layout == Layout.Q8_0) {
            bytes(a);
        } else {
            nibbles(a);
        }
    }

    private void bytes(Assembler a) {
        Vec sign = vector(0);
        Vec quants = vector(1);
        boolean signed = isa == PanelIsa.AVX2;
        constant(a, sign, SIGN);
        for (int word = 0; word < 8 * blocks; word++) {
            if (signed) {
                emit(a, VMOVDQU32, quants, staged(word));
            } else {
                emit(a, VPXORD, quants, sign, staged(word));
            }
            storeQuants(a, quants, word / 8, word % 8);
        }
    }

    private void scales(Assembler a, int block) {
        Vec factor = vector(0);
        if (layout == Layout.MXFP4) {
            Vec mask = vector(1);
            Vec exponent = vector(2);
            constant(a, mask, BYTE);
            emit(a, VPANDD, exponent, mask, staged(FACTORS + block));
            if (isa.wide()) {
                constant(a, mask, EXPONENT_OFFSET);
                emit(a, VPSUBD, exponent, exponent, mask);
                emit(a, VCVTDQ2PS, exponent, exponent);
                constant(a, factor, ONE);
                a.emit(VSCALEFPS, factor, factor, exponent);
            } else {
                power(a, factor, exponent, mask);
            }
        } else {
            lowerHalves(a, factor, FACTORS + block);
        }
        storeScales(a, factor, block);
        if (layout.minima) {
            upperHalves(a, factor, FACTORS + block);
            storeMinima(a, factor, block);
        }
    }

    /** {@code factor = 2^(exponent − 128)}, as a product of two powers, for the smallest have no exponent of their own. */
    private void power(Assembler a, Vec factor, Vec exponent, Vec half) {
        constant(a, half, HALF_EXPONENT);
        a.emit(VexOp.VPSRLD, factor, exponent, 1);
        a.emit(VexOp.VPSUBD, exponent, exponent, factor);
        a.emit(VexOp.VPADDD, factor, factor, half);
        a.emit(VexOp.VPADDD, exponent, exponent, half);
        a.emit(VexOp.VPSLLD, factor, factor, 23);
        a.emit(VexOp.VPSLLD, exponent, exponent, 23);
        a.emit(VexOp.VMULPS, factor, factor, exponent);
    }

    /** The address of what nibbles stand for, or 0 where they stand for themselves. */
    private long levels() {
        return switch (layout) {
            case Q4_0 -> isa.wide() ? Q4_LEVELS : 0;
            case MXFP4 -> isa.wide() ? E2M1_LEVELS : NARROW_E2M1_LEVELS;
            case IQ4_NL -> isa == PanelIsa.AVX2 ? SIGNED_NONLINEAR_LEVELS : NONLINEAR_LEVELS;
            default -> 0;
        };
    }

    private void nibbles(Assembler a) {
        Vec low = vector(0);
        Vec levels = vector(1);
        Vec packed = vector(2);
        Vec quants = vector(3);
        Vec fifth = vector(5);
        long looked = levels();
        constant(a, low, LOW_NIBBLES);
        if (looked != 0) {
            constant(a, levels, looked);
        } else if (layout.fifthBits >= 0) {
            prepareFifthBits(a, levels);
        }
        for (int block = 0; block < blocks; block++) {
            if (layout.fifthBits >= 0) {
                emit(a, VMOVDQU32, fifth, staged(FIFTHS + block));
            }
            for (int word = 0; word < 4; word++) {
                emit(a, VMOVDQU32, packed, staged(4 * block + word));
                for (int upper = 0; upper < 2; upper++) {
                    int part = 4 * upper + word;
                    if (upper == 1) {
                        emit(a, VPSRLD, packed, packed, 4);
                    }
                    emit(a, VPANDD, quants, packed, low);
                    if (looked != 0) {
                        emit(a, VPSHUFB, quants, levels, quants);
                    } else if (layout.fifthBits >= 0) {
                        addFifthBits(a, quants, fifth, levels, part);
                    }
                    storeQuants(a, quants, block, part);
                }
            }
        }
    }

    private void prepareFifthBits(Assembler a, Vec levels) {
        if (isa.wide()) {
            constant(a, levels, layout.minima ? FIFTH : FIFTH_CENTERED);
        } else {
            a.mov(R10, FIFTH_TABLE);
        }
    }

    private void addFifthBits(Assembler a, Vec quants, Vec fifth, Vec levels, int part) {
        Vec bits = vector(4);
        if (isa.wide()) {
            Vec index = fifth;
            if (part > 0) {
                index = bits;
                a.emit(VPSRLD, bits, fifth, 4 * part);
            }
            a.emit(VPERMD, bits, index, levels);
        } else {
            a.emit(VexOp.VPSHUFB, bits, fifth, at(R10, 32 * (part / 2)));
            Mem bit = at(R10, FIFTH_BITS + 32 * (part % 2));
            a.emit(VexOp.VPAND, bits, bits, bit);
            a.emit(VexOp.VPCMPEQB, bits, bits, bit);
            a.emit(VexOp.VPAND, bits, bits, at(R10, FIFTH_WORTH));
        }
        emit(a, VPORD, quants, quants, bits);
    }
}
