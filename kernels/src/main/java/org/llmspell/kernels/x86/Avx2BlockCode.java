package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VMOVDQU;
import static org.llmspell.kernels.x86.VexOp.VMOVDQU_STORE;
import static org.llmspell.kernels.x86.VexOp.VPABSB;
import static org.llmspell.kernels.x86.VexOp.VPADDD;
import static org.llmspell.kernels.x86.VexOp.VPADDW;
import static org.llmspell.kernels.x86.VexOp.VPDPBUSD;
import static org.llmspell.kernels.x86.VexOp.VPMADDUBSW;
import static org.llmspell.kernels.x86.VexOp.VPMADDWD;
import static org.llmspell.kernels.x86.VexOp.VPSIGNB;
import static org.llmspell.kernels.x86.VexOp.VPXOR;

import org.jspecify.annotations.Nullable;

/**
 * Products in AVX2 of runs of 32 quants with a factor each, two runs at a time, one in each 128 bits: their first sixteen quants in one
 * register, the others in a second, so that both go with the same factors. The activations are in {@link Quantization}'s groups of
 * four times 32.
 */
abstract class Avx2BlockCode extends Avx2ProductCode {
    /** How quants stand in their registers. */
    enum Quants {
        /** Unsigned, at most 31. */
        SMALL,
        /** Unsigned; there must be AVX-VNNI. */
        WIDE,
        /** Signed. */
        SIGNED
    }

    /** What of the scratch memory is the subclass's. */
    static final int FREE_SCRATCH = SCRATCH + 32;

    private static final long ONES = Constants.words(i -> 1);

    /** The first sixteen quants of two runs. */
    final Vec first = ymm(10);

    /** Their other sixteen. */
    final Vec second = ymm(11);

    /** The products of fours of quants, integers. */
    final Vec product = ymm(14);

    /** Nothing stays in it. */
    final Vec temporary = ymm(15);

    /** Used up where quants are {@link Quants#SIGNED}. */
    private final Vec absolute = ymm(13);

    private final boolean vnni;

    Avx2BlockCode(boolean vnni, int rows, int tokens, Step step) {
        super(rows, tokens, step);
        this.vnni = vnni;
    }

    @Override
    void constants(Assembler a) {
        a.emit(VMOVDQU, temporary, fetched(a, ONES, 0));
        a.store(VMOVDQU_STORE, at(RDI, SCRATCH), temporary);
    }

    /**
     * Multiplies the quants of two runs, or of one in registers of 128 bits.
     *
     * @param activations where the first sixteen of each run are
     * @param start what products begin with, 32 bits each; null for nothing
     */
    final void multiply(Assembler a, Quants quants, boolean one, Mem activations, @Nullable Mem start) {
        Vec sums = width(product, one);
        Vec[] halves = {width(first, one), width(second, one)};
        Mem[] places = {activations, activations.plus(Quantization.QUAD_SECOND)};
        if (quants == Quants.SIGNED) {
            multiplySigned(a, halves, places, one);
            return;
        }
        if (vnni) {
            if (start == null) {
                a.emit(VPXOR, sums, sums, sums);
            } else {
                a.emit(VMOVDQU, sums, start);
            }
            a.emit(VPDPBUSD, sums, halves[0], places[0]);
            a.emit(VPDPBUSD, sums, halves[1], places[1]);
            return;
        }
        Vec part = width(temporary, one);
        a.emit(VPMADDUBSW, sums, halves[0], places[0]);
        a.emit(VPMADDUBSW, part, halves[1], places[1]);
        a.emit(VPADDW, sums, sums, part);
        a.emit(VPMADDWD, sums, sums, at(RDI, SCRATCH));
        if (start != null) {
            a.emit(VPADDD, sums, sums, start);
        }
    }

    /** As unsigned ones, the signs going over to the activations. */
    private void multiplySigned(Assembler a, Vec[] halves, Mem[] places, boolean one) {
        Vec[] sums = {width(product, one), width(absolute, one)};
        Vec signed = width(temporary, one);
        for (int half = 0; half < 2; half++) {
            a.emit(VPABSB, sums[half], halves[half]);
            a.emit(VMOVDQU, signed, places[half]);
            a.emit(VPSIGNB, signed, signed, halves[half]);
            a.emit(VPMADDUBSW, sums[half], sums[half], signed);
            a.emit(VPMADDWD, sums[half], sums[half], at(RDI, SCRATCH));
        }
        a.emit(VPADDD, sums[0], sums[0], sums[1]);
    }

    static Vec width(Vec vector, boolean one) {
        return one ? vector.x() : vector;
    }
}
