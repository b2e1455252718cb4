package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VFMADD231PS;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPADDD;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPBROADCASTD;
import static org.llmspell.kernels.x86.Op.VPBROADCASTW;
import static org.llmspell.kernels.x86.Op.VPDPBUSD;
import static org.llmspell.kernels.x86.Op.VPSHUFB;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSRLVD;
import static org.llmspell.kernels.x86.Op.VPSRLW;
import static org.llmspell.kernels.x86.Op.VPTERNLOGD;
import static org.llmspell.kernels.x86.Vec.zmm;

import org.llmspell.kernels.format.TableBlocks;

/**
 * IQ4_XS: eight runs of 32 nibbles that stand for levels, with a scale of six bits each, stored 32 too large. The two halves of a block
 * are gone over as four blocks of {@link SmallBlockCode} are, the levels being stored with 128 added.
 */
final class TableSuperCode extends ProductCode {
    private static final int UPPER_AT = 2;
    private static final int LOWER_AT = 4;
    private static final int QUANTS_AT = 8;
    private static final int BLOCK_BYTES = 136;
    private static final int FIRST_OR_SECOND_AND_THIRD = 0xF8;

    private static final long LOW_NIBBLE = Constants.bytes(i -> 0x0F);
    private static final long LEVELS;
    private static final long SCALE_NIBBLE = Constants.ints(i -> 0x0F);
    private static final long SCALE_UPPER = Constants.ints(i -> 0x30);
    private static final long MINUS_32 = Constants.ints(i -> -32);
    private static final long[] LOWER_SHIFTS = new long[2];
    private static final long[] UPPER_SHIFTS = new long[2];

    static {
        byte[] levels = TableBlocks.nonlinearLevels();
        LEVELS = Constants.bytes(i -> levels[i % 16] + 128);
        for (int half = 0; half < 2; half++) {
            int first = 4 * half;
            LOWER_SHIFTS[half] = Constants.ints(i -> 4 * (first + i / 4));
            UPPER_SHIFTS[half] = Constants.ints(i -> 2 * (first + i / 4));
        }
    }

    private final Vec lowNibble = zmm(16);
    private final Vec levels = zmm(17);
    private final Vec[] lowerShifts = {zmm(18), zmm(19)};
    private final Vec[] upperShifts = {zmm(20), zmm(21)};
    private final Vec scaleNibble = zmm(22);
    private final Vec scaleUpper = zmm(23);
    private final Vec minus32 = zmm(24);
    private final Vec lower = zmm(25);
    private final Vec upper = zmm(26);
    private final Vec factor = zmm(27);
    private final Vec scale = zmm(28);
    private final Vec first = zmm(29);
    private final Vec second = zmm(30);
    private final Vec product = zmm(31);

    TableSuperCode(int rows, int tokens) {
        super(rows, tokens, new Step(BLOCK_BYTES, 2, Quantization.QUAD_RECORD));
    }

    @Override
    void constants(Assembler a) {
        constant(a, lowNibble, LOW_NIBBLE);
        constant(a, levels, LEVELS);
        constant(a, scaleNibble, SCALE_NIBBLE);
        constant(a, scaleUpper, SCALE_UPPER);
        constant(a, minus32, MINUS_32);
        for (int half = 0; half < 2; half++) {
            constant(a, lowerShifts[half], LOWER_SHIFTS[half]);
            constant(a, upperShifts[half], UPPER_SHIFTS[half]);
        }
    }

    @Override
    void step(Assembler a) {
        for (int row = 0; row < rows; row++) {
            a.emit(VPBROADCASTD, lower, weights(row, LOWER_AT));
            a.emit(VPBROADCASTW, upper, weights(row, UPPER_AT));
            a.emit(VPBROADCASTW, factor.y(), weights(row, 0));
            a.emit(VCVTPH2PS, factor, factor.y());
            for (int half = 0; half < 2; half++) {
                scales(a, half);
                addHalf(a, row, half);
            }
        }
    }

    /** The scales of four runs, each over and over in 128 bits. */
    private void scales(Assembler a, int half) {
        a.emit(VPSRLVD, scale, lower, lowerShifts[half]);
        a.emit(VPANDD, scale, scale, scaleNibble);
        a.emit(VPSRLVD, second, upper, upperShifts[half]);
        a.emit(VPSLLD, second, second, 4);
        a.emit(VPTERNLOGD, scale, second, scaleUpper, FIRST_OR_SECOND_AND_THIRD);
        a.emit(VPADDD, scale, scale, minus32);
        a.emit(VCVTDQ2PS, scale, scale);
        a.emit(VMULPS, scale, scale, factor);
    }

    private void addHalf(Assembler a, int row, int half) {
        a.emit(VMOVDQU32, second, weights(row, QUANTS_AT + 64 * half));
        a.emit(VPANDD, first, second, lowNibble);
        a.emit(VPSRLW, second, second, 4);
        a.emit(VPANDD, second, second, lowNibble);
        a.emit(VPSHUFB, first, levels, first);
        a.emit(VPSHUFB, second, levels, second);
        for (int token = 0; token < tokens; token++) {
            a.emit(VMOVDQU32, product, record(half, token, Quantization.QUAD_SUMS));
            a.emit(VPDPBUSD, product, first, record(half, token, 0));
            a.emit(VPDPBUSD, product, second, record(half, token, Quantization.QUAD_SECOND));
            a.emit(VCVTDQ2PS, product, product);
            a.emit(VMULPS, product, product, scale);
            a.emit(VFMADD231PS, sum(row, token), product, record(half, token, Quantization.QUAD_SCALE));
        }
    }
}
