package org.llmspell.kernels.x86;

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
import static org.llmspell.kernels.x86.Vec.zmm;

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
    private static final long SIGN = Constants.bytes(i -> 0x80);

    /** For four bits, 16 in each byte whose bit is set; or likewise, taken with −16 and 128. */
    private static final long FIFTH = Constants.ints(i -> spread(i, 0x10, 0));

    private static final long FIFTH_CENTERED = Constants.ints(i -> spread(i, 0x80, 0x70));
    /** The scale of MXFP4 is two to the power of its byte less 127, and its levels are doubled. */
    private static final long EXPONENT_OFFSET = Constants.ints(i -> 128);

    private static final long ONE = Constants.ints(i -> Float.floatToRawIntBits(1));

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
    UnpackSmall(Layout layout, int blocks, int ahead) {
        super(32, blocks, blocks * layout.bytes, ahead);
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
        for (int block = 1; block < 4; block++) {
            a.mov(RAX, 0xF << 4 * block);
            a.kmovd(block, RAX);
        }
    }

    @Override
    void stage(Assembler a) {
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
        for (int block = 0; block < blocks; block++) {
            stageWord(a, block * layout.bytes, FACTORS + block);
            if (layout.fifthBits >= 0) {
                stageWord(a, block * layout.bytes + layout.fifthBits, FIFTHS + block);
            }
        }
    }

    @Override
    void expand(Assembler a) {
        for (int block = 0; block < blocks; block++) {
            scales(a, block);
        }
        if (layout == Layout.Q8_0) {
            Vec sign = zmm(0);
            Vec quants = zmm(1);
            constant(a, sign, SIGN);
            for (int word = 0; word < 8 * blocks; word++) {
                a.emit(VPXORD, quants, sign, staged(word));
                storeQuants(a, quants, word / 8, word % 8);
            }
        } else {
            nibbles(a);
        }
    }

    private void scales(Assembler a, int block) {
        Vec factor = zmm(0);
        if (layout == Layout.MXFP4) {
            Vec mask = zmm(1);
            Vec exponent = zmm(2);
            constant(a, mask, BYTE);
            a.emit(VPANDD, exponent, mask, staged(FACTORS + block));
            constant(a, mask, EXPONENT_OFFSET);
            a.emit(VPSUBD, exponent, exponent, mask);
            a.emit(VCVTDQ2PS, exponent, exponent);
            constant(a, factor, ONE);
            a.emit(VSCALEFPS, factor, factor, exponent);
        } else {
            lowerHalves(a, factor, FACTORS + block);
        }
        storeScales(a, factor, block);
        if (layout.minima) {
            upperHalves(a, factor, FACTORS + block);
            storeMinima(a, factor, block);
        }
    }

    private void nibbles(Assembler a) {
        Vec low = zmm(0);
        Vec levels = zmm(1);
        Vec packed = zmm(2);
        Vec quants = zmm(3);
        Vec bits = zmm(4);
        Vec fifth = zmm(5);
        constant(a, low, LOW_NIBBLES);
        boolean looked = layout.fifthBits < 0 && !layout.minima;
        if (looked) {
            constant(
                    a,
                    levels,
                    layout == Layout.Q4_0 ? Q4_LEVELS : layout == Layout.MXFP4 ? E2M1_LEVELS : NONLINEAR_LEVELS);
        } else if (layout.fifthBits >= 0) {
            constant(a, levels, layout.minima ? FIFTH : FIFTH_CENTERED);
        }
        for (int block = 0; block < blocks; block++) {
            if (layout.fifthBits >= 0) {
                a.emit(VMOVDQU32, fifth, staged(FIFTHS + block));
            }
            for (int word = 0; word < 4; word++) {
                a.emit(VMOVDQU32, packed, staged(4 * block + word));
                for (int upper = 0; upper < 2; upper++) {
                    int part = 4 * upper + word;
                    if (upper == 1) {
                        a.emit(VPSRLD, packed, packed, 4);
                    }
                    a.emit(VPANDD, quants, packed, low);
                    if (looked) {
                        a.emit(VPSHUFB, quants, levels, quants);
                    } else if (layout.fifthBits >= 0) {
                        Vec index = fifth;
                        if (part > 0) {
                            index = bits;
                            a.emit(VPSRLD, bits, fifth, 4 * part);
                        }
                        a.emit(VPERMD, bits, index, levels);
                        a.emit(VPORD, quants, quants, bits);
                    }
                    storeQuants(a, quants, block, part);
                }
            }
        }
    }
}
