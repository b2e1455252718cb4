package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VADDPS;
import static org.llmspell.kernels.x86.VexOp.VCVTDQ2PS;
import static org.llmspell.kernels.x86.VexOp.VCVTPH2PS;
import static org.llmspell.kernels.x86.VexOp.VEXTRACTI128;
import static org.llmspell.kernels.x86.VexOp.VFMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VINSERTI128;
import static org.llmspell.kernels.x86.VexOp.VMOVDQU;
import static org.llmspell.kernels.x86.VexOp.VMOVDQU_STORE;
import static org.llmspell.kernels.x86.VexOp.VMULPS;
import static org.llmspell.kernels.x86.VexOp.VPADDD;
import static org.llmspell.kernels.x86.VexOp.VPAND;
import static org.llmspell.kernels.x86.VexOp.VPBLENDD;
import static org.llmspell.kernels.x86.VexOp.VPBROADCASTD;
import static org.llmspell.kernels.x86.VexOp.VPBROADCASTW;
import static org.llmspell.kernels.x86.VexOp.VPCMPEQB;
import static org.llmspell.kernels.x86.VexOp.VPERMQ;
import static org.llmspell.kernels.x86.VexOp.VPOR;
import static org.llmspell.kernels.x86.VexOp.VPSHUFB;
import static org.llmspell.kernels.x86.VexOp.VPSLLD;
import static org.llmspell.kernels.x86.VexOp.VPSRLD;
import static org.llmspell.kernels.x86.VexOp.VPSRLW;
import static org.llmspell.kernels.x86.VexOp.VPSUBD;
import static org.llmspell.kernels.x86.VexOp.VPXOR;

import org.llmspell.kernels.format.TableBlocks;
import org.llmspell.kernels.x86.SmallBlockCode.Layout;

/**
 * The formats of 32 quants under one factor in AVX2, four blocks a step, two at a time. Blocks that are left over are taken one by
 * one.
 */
final class Avx2SmallBlockCode extends Avx2BlockCode {
    private static final int PAIRS = 2;
    private static final int LANE = 16;
    private static final int MXFP4_OFFSET = 12;
    private static final int UPPER_LANES = 0xC;
    private static final int LOWER_HALVES_FIRST = 0xD8;

    private static final long SIGN = Constants.bytes(i -> 0x80);
    private static final long LOW_NIBBLE = Constants.bytes(i -> 0x0F);
    private static final long NONLINEAR = table(TableBlocks.nonlinearLevels(), 0);
    private static final long NONLINEAR_UNSIGNED = table(TableBlocks.nonlinearLevels(), 128);
    private static final long E2M1 = table(TableBlocks.e2m1Levels(), MXFP4_OFFSET);
    /** Half of the exponent's bias and of 128 off. */
    private static final long HALF_EXPONENT = Constants.ints(i -> 127 - 64);

    private static final int SECOND_BITS = 32;
    private static final int BIT_OF_BYTE = 64;
    private static final int FIFTH = 96;

    /** Which byte of 32 fifth bits tells of each of the first quants, and of the others; which bit; and what it is worth. */
    private static final long FIFTH_BITS = Constants.table(128, i -> switch (i / 32 * 32) {
        case 0 -> i / 8 % 2;
        case SECOND_BITS -> 2 + i / 8 % 2;
        case BIT_OF_BYTE -> 1 << i % 8;
        default -> 0x10;
    });

    private final Layout layout;
    private final Quants kind;
    private final Vec constant = ymm(8);
    private final Vec levels = ymm(9);
    private final Vec factors = ymm(12);
    private final Vec minima = ymm(13);

    Avx2SmallBlockCode(Layout layout, boolean vnni, int rows, int tokens) {
        super(
                vnni,
                rows,
                tokens,
                new Step(2 * PAIRS * layout.blockBytes, 1, Quantization.QUAD_RECORD, layout.blockBytes, LANE));
        this.layout = layout;
        boolean wide = layout == Layout.Q8_0 || layout == Layout.IQ4_NL;
        kind = !wide ? Quants.SMALL : vnni ? Quants.WIDE : Quants.SIGNED;
    }

    private static long table(byte[] values, int offset) {
        return Constants.bytes(i -> values[i % 16] + offset);
    }

    /** Whether the factors of two blocks, and the minima after them, lie in the first 32 bytes. */
    private boolean factorsClose() {
        return layout != Layout.MXFP4 && layout.blockBytes + (layout.minima() ? 4 : 2) <= 32;
    }

    @Override
    void constants(Assembler a) {
        super.constants(a);
        a.emit(VMOVDQU, constant, fetched(a, layout == Layout.Q8_0 ? SIGN : LOW_NIBBLE, 0));
        if (layout == Layout.MXFP4) {
            a.emit(VMOVDQU, levels, fetched(a, E2M1, 0));
        } else if (layout == Layout.IQ4_NL) {
            a.emit(VMOVDQU, levels, fetched(a, kind == Quants.WIDE ? NONLINEAR_UNSIGNED : NONLINEAR, 0));
        }
        if (factorsClose()) {
            // a block's factor in each of the lower four words of its 128 bits, its minimum in the upper ones
            int secondAt = layout.blockBytes - LANE;
            long order = Constants.bytes(i -> (i % 32 < LANE ? 0 : secondAt) + i % 16 / 8 * 2 + i % 2);
            a.emit(VMOVDQU, temporary, fetched(a, order, 0));
            a.store(VMOVDQU_STORE, at(RDI, FREE_SCRATCH), temporary);
        }
    }

    @Override
    void step(Assembler a) {
        for (int row = 0; row < rows; row++) {
            for (int pair = 0; pair < PAIRS; pair++) {
                blocks(a, row, pair, false);
            }
        }
    }

    @Override
    void tail(Assembler a) {
        for (int row = 0; row < rows; row++) {
            blocks(a, row, 0, true);
        }
    }

    private void blocks(Assembler a, int row, int pair, boolean one) {
        int at = 2 * pair * layout.blockBytes;
        quants(a, row, at, one);
        factors(a, row, at, one);
        for (int token = 0; token < tokens; token++) {
            Mem record = record(token, 2 * LANE * pair);
            Mem sums = record.plus(Quantization.QUAD_SUMS);
            Mem scales = record.plus(Quantization.QUAD_SCALE);
            Vec sum = narrowSum(row, token);
            multiply(a, kind, one, record, layout.minima() ? null : sums);
            Vec result = width(product, one);
            a.emit(VCVTDQ2PS, result, result);
            a.emit(VMULPS, result, result, width(factors, one));
            if (one) {
                // the upper lanes are zero then
                a.emit(VMULPS, result, result, scales);
                a.emit(VADDPS, sum, sum, product);
            } else {
                a.emit(VFMADD231PS, sum, product, scales);
            }
            if (layout.minima()) {
                if (one) {
                    a.emit(VMULPS, result, minima.x(), sums);
                    a.emit(VADDPS, sum, sum, product);
                } else {
                    a.emit(VFMADD231PS, sum, minima, sums);
                }
            }
        }
    }

    private void quants(Assembler a, int row, int at, boolean one) {
        if (layout == Layout.Q8_0) {
            gather(a, first, row, at + layout.quantsAt, one);
            gather(a, second, row, at + layout.quantsAt + LANE, one);
            if (kind == Quants.WIDE) {
                a.emit(VPXOR, first, first, constant);
                a.emit(VPXOR, second, second, constant);
            }
            return;
        }
        gather(a, second, row, at + layout.quantsAt, one);
        a.emit(VPAND, first, second, constant);
        a.emit(VPSRLW, second, second, 4);
        a.emit(VPAND, second, second, constant);
        if (layout.table()) {
            a.emit(VPSHUFB, first, levels, first);
            a.emit(VPSHUFB, second, levels, second);
        }
        if (layout.fifthBits()) {
            Vec bits = levels;
            a.emit(VPBROADCASTD, bits.x(), weights(row, at + layout.fifthAt()));
            if (!one) {
                a.emit(VPBROADCASTD, temporary.x(), weights(row, at + layout.fifthAt() + layout.blockBytes));
                a.emit(VINSERTI128, bits, bits, temporary.x(), 1);
            }
            a.mov(R10, FIFTH_BITS);
            addFifthBits(a, first, bits, 0);
            addFifthBits(a, second, bits, SECOND_BITS);
        }
    }

    private void addFifthBits(Assembler a, Vec quants, Vec bits, int order) {
        a.emit(VPSHUFB, temporary, bits, at(R10, order));
        a.emit(VPAND, temporary, temporary, at(R10, BIT_OF_BYTE));
        a.emit(VPCMPEQB, temporary, temporary, at(R10, BIT_OF_BYTE));
        a.emit(VPAND, temporary, temporary, at(R10, FIFTH));
        a.emit(VPOR, quants, quants, temporary);
    }

    /** The 16 bytes at {@code offset} of a block, and those of the next one in the upper half. */
    private void gather(Assembler a, Vec vector, int row, int offset, boolean one) {
        a.emit(VMOVDQU, vector.x(), weights(row, offset));
        if (!one) {
            a.emit(VINSERTI128, vector, vector, weights(row, offset + layout.blockBytes), 1);
        }
    }

    private void factors(Assembler a, int row, int at, boolean one) {
        if (layout == Layout.MXFP4) {
            exponents(a, row, at, one);
        } else if (one || !factorsClose()) {
            halves(a, factors, row, at, one);
            if (layout.minima()) {
                halves(a, minima, row, at + 2, one);
            }
        } else {
            a.emit(VMOVDQU, factors, weights(row, at));
            a.emit(VPSHUFB, factors, factors, at(RDI, FREE_SCRATCH));
            a.emit(VPERMQ, factors, factors, LOWER_HALVES_FIRST);
            if (layout.minima()) {
                a.store(VEXTRACTI128, minima.x(), factors, 1);
                a.emit(VCVTPH2PS, minima, minima.x());
            }
            a.emit(VCVTPH2PS, factors, factors.x());
        }
    }

    private void halves(Assembler a, Vec vector, int row, int offset, boolean one) {
        Vec words = vector.x();
        a.emit(VPBROADCASTW, words, weights(row, offset));
        if (!one) {
            a.emit(VPBROADCASTW, temporary.x(), weights(row, offset + layout.blockBytes));
            a.emit(VPBLENDD, words, words, temporary.x(), UPPER_LANES);
        }
        a.emit(VCVTPH2PS, vector, words);
    }

    /** 2 to the power of a byte less 128, as a product of two powers, for the smallest have no exponent of their own. */
    private void exponents(Assembler a, int row, int at, boolean one) {
        a.emit(VPBROADCASTD, factors.x(), weights(row, at));
        if (!one) {
            a.emit(VPBROADCASTD, temporary.x(), weights(row, at + layout.blockBytes));
            a.emit(VINSERTI128, factors, factors, temporary.x(), 1);
        }
        a.mov(R10, HALF_EXPONENT);
        a.emit(VPSLLD, factors, factors, 24);
        a.emit(VPSRLD, temporary, factors, 25);
        a.emit(VPSRLD, factors, factors, 24);
        a.emit(VPSUBD, factors, factors, temporary);
        a.emit(VPADDD, factors, factors, at(R10, 0));
        a.emit(VPADDD, temporary, temporary, at(R10, 0));
        a.emit(VPSLLD, factors, factors, 23);
        a.emit(VPSLLD, temporary, temporary, 23);
        a.emit(VMULPS, factors, factors, temporary);
    }
}
