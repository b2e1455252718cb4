package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VFMADD231PS;
import static org.llmspell.kernels.x86.Op.VFNMADD231PS;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPBROADCASTW;
import static org.llmspell.kernels.x86.Op.VPDPWSSD;
import static org.llmspell.kernels.x86.Op.VPERMW;
import static org.llmspell.kernels.x86.Op.VPMADDUBSW;
import static org.llmspell.kernels.x86.Op.VPMADDWD;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSUBD;
import static org.llmspell.kernels.x86.Vec.zmm;

/**
 * Formats of sixteen runs of 16 quants with a scale each: Q2_K, Q3_K, Q6_K. Per block and token
 * {@code d · (Σ_s scale_s · Σ q · a − 2^b · Σ_s scale_s · Σ a)} where quants are stored 2^b too large, or {@code d · Σ_s scale_s · Σ q · a − dmin · Σ_s min_s · Σ a}
 * where runs have minima; everything inside in integers: 63 · 127 · 2 fits in 16 bits, times 128 and summed in 32.
 *
 * <p>Registers 16 to 18, 25 and 26 are the subclass's.
 */
abstract class SixteenRunsCode extends ProductCode {
    private static final long[] SCALES = new long[4];

    static {
        for (int part = 0; part < 4; part++) {
            int first = 4 * part;
            SCALES[part] = Constants.words(i -> first + i / 8);
        }
    }

    /** The scales of a row's block, 16 bits each, in the order in which the quants are gone over. */
    final Vec scales = zmm(24);

    /** Its minima likewise, where there are any. */
    final Vec minima = zmm(27);

    /** 64 quants, unsigned. */
    final Vec quants = zmm(29);

    final Vec temporary = zmm(31);

    private final Vec[] scaleIndex = {zmm(19), zmm(20), zmm(21), zmm(22)};
    private final Vec factor = zmm(23);
    private final Vec minimumFactor = zmm(28);
    private final Vec scale = zmm(30);
    private final int factorAt;
    private final int excessBits;

    /**
     * The code of a format.
     *
     * @param factorAt where d stands in a block; dmin, if there are minima, stands after it
     * @param excessBits b; 0 where there are minima
     */
    SixteenRunsCode(int rows, int tokens, int blockBytes, int factorAt, int excessBits) {
        super(rows, tokens, new Step(blockBytes, 1, Quantization.SUPER_RECORD));
        this.factorAt = factorAt;
        this.excessBits = excessBits;
    }

    /** Loads what the subclass keeps in registers. */
    abstract void ownConstants(Assembler a);

    /** Puts the scales of row {@code row}, and the minima, into their registers. */
    abstract void scales(Assembler a, int row);

    /** Puts 64 quants of row {@code row} into their register, for {@code part} from 0 to 3, one after the other. */
    abstract void quants(Assembler a, int row, int part);

    @Override
    final void constants(Assembler a) {
        ownConstants(a);
        for (int part = 0; part < 4; part++) {
            constant(a, scaleIndex[part], SCALES[part]);
        }
    }

    @Override
    final void step(Assembler a) {
        for (int row = 0; row < rows; row++) {
            addRow(a, row);
        }
    }

    private void addRow(Assembler a, int row) {
        scales(a, row);
        half(a, factor, row, factorAt);
        if (excessBits == 0) {
            half(a, minimumFactor, row, factorAt + 2);
        }
        for (int part = 0; part < 4; part++) {
            quants(a, row, part);
            a.emit(VPERMW, scale, scaleIndex[part], scales);
            for (int token = 0; token < tokens; token++) {
                a.emit(VPMADDUBSW, temporary, quants, record(token, 64 * part));
                a.emit(part == 0 ? VPMADDWD : VPDPWSSD, product(token), temporary, scale);
            }
        }
        for (int token = 0; token < tokens; token++) {
            Mem activationScale = record(token, Quantization.SUPER_SCALE).repeated();
            Mem sums = record(token, Quantization.SUPER_SUMS);
            if (excessBits > 0) {
                a.emit(VPMADDWD, temporary.y(), scales.y(), sums);
                a.emit(VPSLLD, temporary.y(), temporary.y(), excessBits);
                a.emit(VPSUBD, product(token), product(token), temporary);
            }
            a.emit(VCVTDQ2PS, temporary, product(token));
            a.emit(VMULPS, temporary, temporary, factor);
            a.emit(VFMADD231PS, sum(row, token), temporary, activationScale);
            if (excessBits == 0) {
                a.emit(VPMADDWD, temporary.y(), minima.y(), sums);
                a.emit(VCVTDQ2PS, temporary.y(), temporary.y());
                a.emit(VMULPS, temporary.y(), temporary.y(), minimumFactor.y());
                a.emit(VFNMADD231PS, sum(row, token), temporary, activationScale);
            }
        }
    }

    private static void half(Assembler a, Vec vector, int row, int offset) {
        a.emit(VPBROADCASTW, vector.y(), weights(row, offset));
        a.emit(VCVTPH2PS, vector, vector.y());
    }

    private static Vec product(int token) {
        return zmm(8 + token);
    }
}
