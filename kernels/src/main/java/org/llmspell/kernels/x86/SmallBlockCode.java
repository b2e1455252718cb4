package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Op.VADDPS;
import static org.llmspell.kernels.x86.Op.VBROADCASTI32X4;
import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VEXTRACTI64X4;
import static org.llmspell.kernels.x86.Op.VFMADD231PS;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPADDB;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPBROADCASTD;
import static org.llmspell.kernels.x86.Op.VPBROADCASTW;
import static org.llmspell.kernels.x86.Op.VPDPBUSD;
import static org.llmspell.kernels.x86.Op.VPERMW;
import static org.llmspell.kernels.x86.Op.VPSHUFB;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSRLD;
import static org.llmspell.kernels.x86.Op.VPSRLW;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Op.VSCALEFPS;
import static org.llmspell.kernels.x86.Vec.zmm;

import org.llmspell.kernels.format.TableBlocks;

/**
 * The formats of 32 quants under one factor, four blocks a step, one in each 128 bits: their first sixteen quants in one register,
 * the others in a second, so that both go with the same factors. Blocks that are left over are taken one by one.
 *
 * <p>Quants are taken with an offset that makes them unsigned, as the instruction wants them; the records' sums, where the product
 * begins, take it away again. With minima the records' sums are what these are multiplied by.
 */
final class SmallBlockCode extends ProductCode {
    /** Where things stand in a block of a format, and what its quants are. */
    enum Layout {
        Q4_0(18, 2, -8),
        Q4_1(20, 4, Quantization.MINIMA),
        Q5_0(22, 6, -16),
        Q5_1(24, 8, Quantization.MINIMA),
        Q8_0(34, 2, -128),
        IQ4_NL(18, 2, -128),
        MXFP4(17, 1, -MXFP4_OFFSET);

        final int blockBytes;
        final int quantsAt;
        /** What is to be added for each unit of the sums; or that there are minima. */
        final int offset;

        Layout(int blockBytes, int quantsAt, int offset) {
            this.blockBytes = blockBytes;
            this.quantsAt = quantsAt;
            this.offset = offset;
        }

        boolean minima() {
            return offset == Quantization.MINIMA;
        }

        boolean fifthBits() {
            return this == Q5_0 || this == Q5_1;
        }

        /** The 32 fifth bits stand before the quants. */
        int fifthAt() {
            return quantsAt - 4;
        }

        boolean table() {
            return this == IQ4_NL || this == MXFP4;
        }

        /** Whether the factors of four blocks, and the minima after them, lie in the first 64 bytes. */
        private boolean factorsClose() {
            return this != MXFP4 && 3 * blockBytes + (minima() ? 4 : 2) <= 64;
        }
    }

    private static final int MXFP4_OFFSET = 12;
    private static final int BLOCKS = 4;
    private static final int LANE = 16;

    private static final long SIGN = Constants.bytes(i -> 0x80);
    private static final long LOW_NIBBLE = Constants.bytes(i -> 0x0F);
    private static final long FIFTH = Constants.bytes(i -> 0x10);
    private static final long NONLINEAR = table(TableBlocks.nonlinearLevels(), 128);
    private static final long E2M1 = table(TableBlocks.e2m1Levels(), MXFP4_OFFSET);
    private static final long ONES = Constants.ints(i -> Float.floatToRawIntBits(1));
    private static final long MINUS_128 = Constants.ints(i -> Float.floatToRawIntBits(-128));

    /** Masks of 128 bits in the vector, or of four words: block n of a step is number n; the first of a row's tail has its own. */
    private static final int SINGLE_BLOCK = 4;

    private static final int FIFTH_BITS = 5;

    private final Layout layout;
    private final Vec constant = zmm(16);
    private final Vec levels = zmm(17);
    private final Vec factorIndex = zmm(18);
    private final Vec one = zmm(19);
    private final Vec minus128 = zmm(20);
    private final Vec first = zmm(21);
    private final Vec second = zmm(22);
    private final Vec factors = zmm(23);
    private final Vec minima = zmm(24);
    private final Vec product = zmm(25);

    SmallBlockCode(Layout layout, int rows, int tokens) {
        super(rows, tokens, new Step(BLOCKS * layout.blockBytes, 1, Quantization.QUAD_RECORD, layout.blockBytes, LANE));
        this.layout = layout;
    }

    private static long table(byte[] values, int offset) {
        return Constants.bytes(i -> values[i % 16] + offset);
    }

    @Override
    void constants(Assembler a) {
        constant(a, constant, layout == Layout.Q8_0 ? SIGN : LOW_NIBBLE);
        if (layout.table()) {
            constant(a, levels, layout == Layout.MXFP4 ? E2M1 : NONLINEAR);
        }
        if (layout.fifthBits()) {
            constant(a, levels, FIFTH);
        }
        if (layout.factorsClose()) {
            int words = layout.blockBytes / 2;
            constant(a, factorIndex, Constants.words(i -> i % 16 / 4 * words + i / 16));
        }
        if (layout == Layout.MXFP4) {
            constant(a, one, ONES);
            constant(a, minus128, MINUS_128);
        }
        for (int block = 1; block < BLOCKS; block++) {
            mask(a, block, 0xF << 4 * block);
        }
        mask(a, SINGLE_BLOCK, 0xF);
    }

    @Override
    void step(Assembler a) {
        blocks(a, BLOCKS);
    }

    @Override
    void tail(Assembler a) {
        blocks(a, 1);
    }

    private void blocks(Assembler a, int blocks) {
        boolean single = blocks == 1;
        Mask lanes = single ? Mask.merging(SINGLE_BLOCK) : Mask.NONE;
        for (int row = 0; row < rows; row++) {
            quants(a, row, blocks);
            factors(a, row, blocks);
            for (int token = 0; token < tokens; token++) {
                Vec sums = single ? product.x() : product;
                if (layout.minima()) {
                    a.emit(VPXORD, sums, sums, sums);
                } else {
                    a.emit(VMOVDQU32, sums, record(token, Quantization.QUAD_SUMS));
                }
                a.emit(VPDPBUSD, sums, single ? first.x() : first, record(token, 0));
                a.emit(VPDPBUSD, sums, single ? second.x() : second, record(token, Quantization.QUAD_SECOND));
                a.emit(VCVTDQ2PS, product, product);
                a.emit(VMULPS, product, product, factors);
                a.emit(VFMADD231PS, sum(row, token), product, record(token, Quantization.QUAD_SCALE), lanes, 0);
                if (layout.minima()) {
                    a.emit(VFMADD231PS, sum(row, token), minima, record(token, Quantization.QUAD_SUMS), lanes, 0);
                }
            }
        }
    }

    private void quants(Assembler a, int row, int blocks) {
        if (layout == Layout.Q8_0) {
            gather(a, VBROADCASTI32X4, first, row, layout.quantsAt, blocks);
            gather(a, VBROADCASTI32X4, second, row, layout.quantsAt + LANE, blocks);
            a.emit(VPXORD, first, first, constant);
            a.emit(VPXORD, second, second, constant);
            return;
        }
        gather(a, VBROADCASTI32X4, second, row, layout.quantsAt, blocks);
        a.emit(VPANDD, first, second, constant);
        a.emit(VPSRLW, second, second, 4);
        a.emit(VPANDD, second, second, constant);
        if (layout.table()) {
            a.emit(VPSHUFB, first, levels, first);
            a.emit(VPSHUFB, second, levels, second);
        }
        if (layout.fifthBits()) {
            fifthBits(a, first, row, layout.fifthAt(), blocks);
            fifthBits(a, second, row, layout.fifthAt() + 2, blocks);
        }
    }

    /** What stands at {@code offset} of each block, over and over in the block's part of {@code vector}. */
    private void gather(Assembler a, Op broadcast, Vec vector, int row, int offset, int blocks) {
        a.emit(broadcast, vector, weights(row, offset));
        for (int block = 1; block < blocks; block++) {
            a.emit(broadcast, vector, weights(row, offset + block * layout.blockBytes), Mask.merging(block));
        }
    }

    private void fifthBits(Assembler a, Vec vector, int row, int offset, int blocks) {
        a.load16(RAX, weights(row, offset + (blocks - 1) * layout.blockBytes));
        for (int block = blocks - 2; block >= 0; block--) {
            a.shl(RAX, 16);
            a.load16(R10, weights(row, offset + block * layout.blockBytes));
            a.or(RAX, R10);
        }
        a.kmovq(FIFTH_BITS, RAX);
        a.emit(VPADDB, vector, vector, levels, Mask.merging(FIFTH_BITS), 0);
    }

    private void factors(Assembler a, int row, int blocks) {
        if (layout == Layout.MXFP4) {
            gather(a, VPBROADCASTD, factors, row, 0, blocks);
            a.emit(VPSLLD, factors, factors, 24);
            a.emit(VPSRLD, factors, factors, 24);
            a.emit(VCVTDQ2PS, factors, factors);
            a.emit(VADDPS, factors, factors, minus128);
            a.emit(VSCALEFPS, factors, one, factors);
        } else if (layout.factorsClose() && blocks == BLOCKS) {
            a.emit(VPERMW, factors, factorIndex, weights(row, 0));
            if (layout.minima()) {
                a.store(VEXTRACTI64X4, minima.y(), factors, 1);
                a.emit(VCVTPH2PS, minima, minima.y());
            }
            a.emit(VCVTPH2PS, factors, factors.y());
        } else {
            halves(a, factors, row, 0, blocks);
            if (layout.minima()) {
                halves(a, minima, row, 2, blocks);
            }
        }
    }

    private void halves(Assembler a, Vec vector, int row, int offset, int blocks) {
        gather(a, VPBROADCASTW, vector.y(), row, offset, blocks);
        a.emit(VCVTPH2PS, vector, vector.y());
    }
}
