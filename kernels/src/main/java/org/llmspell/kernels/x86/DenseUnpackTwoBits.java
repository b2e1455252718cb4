package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPBROADCASTW;
import static org.llmspell.kernels.x86.Op.VPERMD;
import static org.llmspell.kernels.x86.Op.VPERMW;
import static org.llmspell.kernels.x86.Op.VPMOVZXBD;
import static org.llmspell.kernels.x86.Op.VPMOVZXBW;
import static org.llmspell.kernels.x86.Op.VPSRLD;
import static org.llmspell.kernels.x86.Op.VPSRLW;
import static org.llmspell.kernels.x86.Op.VPTERNLOGD;
import static org.llmspell.kernels.x86.Op.VSUBPS;
import static org.llmspell.kernels.x86.Vec.zmm;

/**
 * Expands Q2_K. To bfloat16 the four values of each of eight sub-blocks of 16 quants make one table for 128 of them; to float32 each
 * quant is multiplied.
 */
final class DenseUnpackTwoBits extends DenseUnpackCode {
    private static final long LOW_NIBBLE = Constants.ints(i -> 15);
    private static final long NUMBERS = Constants.floats(16, i -> i % 4);
    private static final long THREE = Constants.words(i -> 3);
    private static final long WIDE_THREE = Constants.ints(i -> 3);
    private static final long[] SUB_BLOCKS = new long[4];
    private static final long[] PLACES = new long[4];

    static {
        for (int i = 0; i < 4; i++) {
            int number = i;
            SUB_BLOCKS[i] = Constants.ints(lane -> 4 * number + lane / 4);
            PLACES[i] = Constants.words(lane -> 8 * number + lane / 16 * 4);
        }
    }

    private static final int QUANTS = 16;
    private static final int FACTOR = 80;
    private static final int MINIMUM_FACTOR = 82;
    private static final int FIRST_AND_SECOND_OR_THIRD = 0xEA;

    private final Vec lowNibble = zmm(16);
    private final Vec numbers = zmm(17);
    private final Vec three = zmm(18);
    private final Vec scales = zmm(1);
    private final Vec minima = zmm(2);

    private final DenseElement element;

    DenseUnpackTwoBits(DenseElement element) {
        super(84, 256 / element.perStep() * Float.BYTES);
        this.element = element;
    }

    @Override
    void constants(Assembler a) {
        constant(a, lowNibble, LOW_NIBBLE);
        if (element == DenseElement.FLOAT32) {
            constant(a, three, WIDE_THREE);
            return;
        }
        constant(a, numbers, NUMBERS);
        constant(a, three, THREE);
        for (int i = 0; i < 4; i++) {
            constant(a, subBlocks(i), SUB_BLOCKS[i]);
            constant(a, place(i), PLACES[i]);
        }
    }

    @Override
    void block(Assembler a) {
        a.emit(VPMOVZXBD, minima, at(RSI, 0));
        a.emit(VPANDD, scales, minima, lowNibble);
        a.emit(VPSRLD, minima, minima, 4);
        factor(a, scales, FACTOR);
        factor(a, minima, MINIMUM_FACTOR);
        if (element == DenseElement.FLOAT32) {
            floats(a);
            return;
        }
        Vec packed = zmm(5);
        Vec quants = zmm(6);
        for (int half = 0; half < 2; half++) {
            values(a, zmm(3), subBlocks(2 * half));
            values(a, zmm(4), subBlocks(2 * half + 1));
            round(a, zmm(3), zmm(3), zmm(4));
            a.emit(VPMOVZXBW, packed, at(RSI, QUANTS + 32 * half));
            for (int line = 0; line < 4; line++) {
                a.emit(VPSRLW, quants, packed, 2 * line);
                a.emit(VPTERNLOGD, quants, three, place(line), FIRST_AND_SECOND_OR_THIRD);
                a.emit(VPERMW, quants, quants, zmm(3));
                put(a, 4 * half + line, quants);
            }
        }
    }

    private void floats(Assembler a) {
        a.store(VMOVUPS_STORE, at(RDI, SCRATCH), scales);
        a.store(VMOVUPS_STORE, at(RDI, SCRATCH + 64), minima);
        for (int sub = 0; sub < 16; sub++) {
            Vec value = zmm(3);
            Mem quants = at(RSI, QUANTS + 32 * (sub / 8) + 16 * (sub % 2));
            integers(a, value, quants, 2 * (sub % 8 / 2), three);
            a.emit(VCVTDQ2PS, value, value);
            a.emit(VMULPS, value, value, at(RDI, SCRATCH + 4 * sub).repeated());
            a.emit(VSUBPS, value, value, at(RDI, SCRATCH + 64 + 4 * sub).repeated());
            put(a, sub, value);
        }
    }

    private static void factor(Assembler a, Vec integers, int offset) {
        Vec factor = zmm(3);
        a.emit(VCVTDQ2PS, integers, integers);
        a.emit(VPBROADCASTW, factor.y(), at(RSI, offset));
        a.emit(VCVTPH2PS, factor, factor.y());
        a.emit(VMULPS, integers, integers, factor);
    }

    /** Four values of each of four sub-blocks. */
    private void values(Assembler a, Vec target, Vec subBlocks) {
        Vec minimum = zmm(7);
        a.emit(VPERMD, target, subBlocks, scales);
        a.emit(VPERMD, minimum, subBlocks, minima);
        a.emit(VMULPS, target, target, numbers);
        a.emit(VSUBPS, target, target, minimum);
    }

    private static Vec subBlocks(int i) {
        return zmm(19 + i);
    }

    private static Vec place(int line) {
        return zmm(23 + line);
    }
}
