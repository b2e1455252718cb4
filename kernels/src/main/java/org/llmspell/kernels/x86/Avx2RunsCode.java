package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VBROADCASTSS;
import static org.llmspell.kernels.x86.VexOp.VCVTDQ2PS;
import static org.llmspell.kernels.x86.VexOp.VFMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VFNMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VMULPS;
import static org.llmspell.kernels.x86.VexOp.VPADDD;
import static org.llmspell.kernels.x86.VexOp.VPDPWSSD;
import static org.llmspell.kernels.x86.VexOp.VPMADDUBSW;
import static org.llmspell.kernels.x86.VexOp.VPMADDWD;
import static org.llmspell.kernels.x86.VexOp.VPSHUFB;
import static org.llmspell.kernels.x86.VexOp.VPSLLD;
import static org.llmspell.kernels.x86.VexOp.VPSUBD;

/**
 * Blocks of 256 quants in runs with integer scales, in AVX2: Q2_K, Q3_K, Q4_K, Q5_K, Q6_K. Per block and token {@code d · (Σ_s scale_s · Σ q · a − 2^b · Σ_s
 * scale_s · Σ a)} where quants are stored 2^b too large, or {@code d · Σ_s scale_s · Σ q · a − dmin · Σ_s min_s · Σ a} where runs have
 * minima; everything inside in integers: 63 · 127 · 2 fits in 16 bits, times 128 and summed in 32.
 *
 * <p>Quants are gone over 32 at a time as they are numbered, the activations being in {@link Quantization.Order#PLAIN}. Registers: at most 4
 * sums, ymm8 and ymm15 are the subclass's.
 */
abstract class Avx2RunsCode extends Avx2ProductCode {
    private static final int PARTS = 8;
    private static final int PART = 32;

    /** For each part, which word of 16 lies over and over in each 128 bits. */
    private static final long PART_WORDS = Constants.table(PARTS * PART, i -> 2 * (i / PART) + i % 2);

    /** The scales, 16 bits each: those of the first 16 of each 32 quants in the lower 128 bits, those of the others in the upper. */
    final Vec scales = ymm(9);

    /** What the sums of 16 activations each are multiplied by: the minima, or the scales where quants are stored too large. */
    final Vec sumFactors = ymm(10);

    /** A part's 32 quants, unsigned. */
    final Vec quants = ymm(12);

    /** Free where scales and quants are made. */
    final Vec loaded = ymm(11);

    /** Free likewise. */
    final Vec temporary = ymm(14);

    private final Vec scale = ymm(13);
    private final boolean vnni;
    private final int factorAt;
    private final int excessBits;

    /**
     * The code of a format.
     *
     * @param vnni whether there is AVX-VNNI
     * @param factorAt where d stands in a block; dmin, if there are minima, stands after it
     * @param excessBits b; 0 where there are minima
     */
    Avx2RunsCode(boolean vnni, int rows, int tokens, int blockBytes, int factorAt, int excessBits) {
        super(rows, tokens, new Step(blockBytes, 1, Quantization.SUPER_RECORD));
        this.vnni = vnni;
        this.factorAt = factorAt;
        this.excessBits = excessBits;
    }

    /** Which of sixteen scales is byte {@code i} of 16 where the even ones come first. */
    static int alternating(int i) {
        return 2 * (i % 8) + i / 8 % 2;
    }

    /** Puts the scales of row {@code row}, and what sums are multiplied by, into their registers. RAX is free. */
    abstract void scales(Assembler a, int row);

    /** Puts 32 quants of row {@code row} into their register, for {@code part} from 0 to 7, one after the other. RAX is free. */
    abstract void quants(Assembler a, int row, int part);

    @Override
    final void step(Assembler a) {
        a.mov(R10, PART_WORDS);
        for (int row = 0; row < rows; row++) {
            addRow(a, row);
        }
    }

    private void addRow(Assembler a, int row) {
        scales(a, row);
        for (int part = 0; part < PARTS; part++) {
            quants(a, row, part);
            a.emit(VPSHUFB, scale, scales, at(R10, PART * part));
            for (int token = 0; token < tokens; token++) {
                addPart(a, product(token), record(token, PART * part), part == 0);
            }
        }
        Vec factor = quants;
        Vec minimumFactor = loaded;
        half(a, factor, row, factorAt);
        if (excessBits == 0) {
            half(a, minimumFactor, row, factorAt + 2);
        }
        for (int token = 0; token < tokens; token++) {
            Vec product = product(token);
            a.emit(VPMADDWD, temporary, sumFactors, record(token, Quantization.SUPER_SUMS));
            if (excessBits > 0) {
                a.emit(VPSLLD, temporary, temporary, excessBits);
                a.emit(VPSUBD, product, product, temporary);
            }
            a.emit(VCVTDQ2PS, product, product);
            a.emit(VMULPS, product, product, factor);
            if (excessBits == 0) {
                a.emit(VCVTDQ2PS, temporary, temporary);
                a.emit(VFNMADD231PS, product, temporary, minimumFactor);
            }
            a.emit(VBROADCASTSS, scale, record(token, Quantization.SUPER_SCALE));
            a.emit(VFMADD231PS, narrowSum(row, token), product, scale);
        }
    }

    private void addPart(Assembler a, Vec product, Mem activations, boolean first) {
        a.emit(VPMADDUBSW, temporary, quants, activations);
        if (first) {
            a.emit(VPMADDWD, product, temporary, scale);
        } else if (vnni) {
            a.emit(VPDPWSSD, product, temporary, scale);
        } else {
            a.emit(VPMADDWD, temporary, temporary, scale);
            a.emit(VPADDD, product, product, temporary);
        }
    }

    private static Vec product(int token) {
        return ymm(4 + token);
    }
}
