package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VCVTDQ2PS;
import static org.llmspell.kernels.x86.VexOp.VFMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VMOVDQU;
import static org.llmspell.kernels.x86.VexOp.VMULPS;
import static org.llmspell.kernels.x86.VexOp.VPADDD;
import static org.llmspell.kernels.x86.VexOp.VPAND;
import static org.llmspell.kernels.x86.VexOp.VPBROADCASTD;
import static org.llmspell.kernels.x86.VexOp.VPBROADCASTW;
import static org.llmspell.kernels.x86.VexOp.VPERMPS;
import static org.llmspell.kernels.x86.VexOp.VPOR;
import static org.llmspell.kernels.x86.VexOp.VPSHUFB;
import static org.llmspell.kernels.x86.VexOp.VPSLLD;
import static org.llmspell.kernels.x86.VexOp.VPSRLVD;
import static org.llmspell.kernels.x86.VexOp.VPSRLW;

import org.llmspell.kernels.format.TableBlocks;

/**
 * IQ4_XS in AVX2: eight runs of 32 nibbles that stand for levels, with a scale of six bits each, stored 32 too large. At most 4 sums.
 */
final class Avx2TableRunsCode extends Avx2BlockCode {
    private static final int UPPER_AT = 2;
    private static final int LOWER_AT = 4;
    private static final int QUANTS_AT = 8;
    private static final int BLOCK_BYTES = 136;
    private static final int PAIRS = 4;
    private static final int PAIR = 32;

    private static final long LOW_NIBBLE = Constants.bytes(i -> 0x0F);
    private static final long LEVELS = levels(0);
    private static final long UNSIGNED_LEVELS = levels(128);

    private static final int LOWER_BITS = 32;
    private static final int UPPER_SHIFTS = 64;
    private static final int UPPER_BITS = 96;
    private static final int MINUS_32 = 128;
    private static final int RUN_OF_LANE = 160;

    /** Words of 32 bits by which scales are put together; and for each pair of runs whose scale a lane takes. */
    private static final long TABLE = Constants.table(RUN_OF_LANE + PAIR * PAIRS, i -> {
        int word = i / 4 % 8;
        int value = switch (i / 32 * 32) {
            case 0 -> 4 * word;
            case LOWER_BITS -> 0x0F;
            case UPPER_SHIFTS -> 2 * word;
            case UPPER_BITS -> 0x30;
            case MINUS_32 -> -32;
            default -> 2 * ((i - RUN_OF_LANE) / PAIR) + word / 4;
        };
        return value >> 8 * (i % 4);
    });

    private final Quants kind;
    private final Vec scales = ymm(7);
    private final Vec lowNibble = ymm(8);
    private final Vec levels = ymm(9);
    private final Vec scale = ymm(12);

    Avx2TableRunsCode(boolean vnni, int rows, int tokens) {
        super(vnni, rows, tokens, new Step(BLOCK_BYTES, 2, Quantization.QUAD_RECORD));
        kind = vnni ? Quants.WIDE : Quants.SIGNED;
    }

    private static long levels(int offset) {
        byte[] levels = TableBlocks.nonlinearLevels();
        return Constants.bytes(i -> levels[i % 16] + offset);
    }

    @Override
    void constants(Assembler a) {
        super.constants(a);
        a.emit(VMOVDQU, lowNibble, fetched(a, LOW_NIBBLE, 0));
        a.emit(VMOVDQU, levels, fetched(a, kind == Quants.WIDE ? UNSIGNED_LEVELS : LEVELS, 0));
    }

    @Override
    void step(Assembler a) {
        a.mov(R10, TABLE);
        for (int row = 0; row < rows; row++) {
            scales(a, row);
            for (int pair = 0; pair < PAIRS; pair++) {
                addPair(a, row, pair);
            }
        }
    }

    /** Eight scales as float32. */
    private void scales(Assembler a, int row) {
        Vec upper = temporary;
        a.emit(VPBROADCASTD, scales, weights(row, LOWER_AT));
        a.emit(VPSRLVD, scales, scales, at(R10, 0));
        a.emit(VPAND, scales, scales, at(R10, LOWER_BITS));
        a.emit(VPBROADCASTW, upper, weights(row, UPPER_AT));
        a.emit(VPSRLVD, upper, upper, at(R10, UPPER_SHIFTS));
        a.emit(VPSLLD, upper, upper, 4);
        a.emit(VPAND, upper, upper, at(R10, UPPER_BITS));
        a.emit(VPOR, scales, scales, upper);
        a.emit(VPADDD, scales, scales, at(R10, MINUS_32));
        a.emit(VCVTDQ2PS, scales, scales);
        half(a, scale, row, 0);
        a.emit(VMULPS, scales, scales, scale);
    }

    private void addPair(Assembler a, int row, int pair) {
        a.emit(VMOVDQU, second, weights(row, QUANTS_AT + PAIR * pair));
        a.emit(VPAND, first, second, lowNibble);
        a.emit(VPSRLW, second, second, 4);
        a.emit(VPAND, second, second, lowNibble);
        a.emit(VPSHUFB, first, levels, first);
        a.emit(VPSHUFB, second, levels, second);
        a.emit(VMOVDQU, scale, at(R10, RUN_OF_LANE + PAIR * pair));
        a.emit(VPERMPS, scale, scale, scales);
        for (int token = 0; token < tokens; token++) {
            Mem record = record(pair / 2, token, PAIR * (pair % 2));
            multiply(a, kind, false, record, record.plus(Quantization.QUAD_SUMS));
            a.emit(VCVTDQ2PS, product, product);
            a.emit(VMULPS, product, product, scale);
            a.emit(VFMADD231PS, narrowSum(row, token), product, record.plus(Quantization.QUAD_SCALE));
        }
    }
}
