package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VBROADCASTI32X4;
import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPBROADCASTW;
import static org.llmspell.kernels.x86.Op.VPERMW;
import static org.llmspell.kernels.x86.Op.VPMOVZXBD;
import static org.llmspell.kernels.x86.Op.VPMOVZXBW;
import static org.llmspell.kernels.x86.Op.VPORD;
import static org.llmspell.kernels.x86.Op.VPSHUFB;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSLLW;
import static org.llmspell.kernels.x86.Op.VPSRLD;
import static org.llmspell.kernels.x86.Op.VPSRLVD;
import static org.llmspell.kernels.x86.Op.VPSRLW;
import static org.llmspell.kernels.x86.Op.VPTERNLOGD;
import static org.llmspell.kernels.x86.Op.VSUBPS;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.Vec.zmm;

/**
 * Expands Q4_K and Q5_K. To bfloat16 the 16 or 32 values of each sub-block are computed and rounded once, and its 32 quants look
 * them up in one instruction; to float32 each quant is multiplied.
 */
final class DenseUnpackNibbles extends DenseUnpackCode {
    // Lanes 0 to 7 are the six-bit scales, 8 to 15 the minima, taken from the 16 bytes that a block begins with.
    private static final long LOWER_BYTES =
            Constants.ints(i -> 0x80808000 | (i % 8 < 4 ? i / 8 * 4 + i % 4 + 4 : i % 4 + 12));
    private static final long UPPER_BYTES =
            Constants.ints(i -> 0x80808000 | (i % 8 < 4 ? 0x80 : i / 8 * 4 + i % 4 + 4));
    private static final long LOWER_SHIFTS = Constants.ints(i -> i >= 12 ? 4 : 0);
    private static final long LOWER_BITS = Constants.ints(i -> i % 8 < 4 ? 63 : 15);
    private static final long UPPER_BITS = Constants.ints(i -> 0xC0);
    private static final long NUMBERS = Constants.floats(16, i -> i);
    private static final long UPPER_NUMBERS = Constants.floats(16, i -> 16 + i);
    private static final long LOW_NIBBLE = Constants.words(i -> 0x0F);
    private static final long SIXTEEN = Constants.words(i -> 16);
    private static final long WIDE_LOW_NIBBLE = Constants.ints(i -> 0x0F);
    private static final long WIDE_SIXTEEN = Constants.ints(i -> 16);

    private static final int MINIMA = 1;
    private static final int FIRST_OR_SECOND_AND_THIRD = 0xF8;

    private final boolean fifthBit;
    private final DenseElement element;
    private final Vec lowerBytes = zmm(16);
    private final Vec upperBytes = zmm(17);
    private final Vec lowerShifts = zmm(18);
    private final Vec lowerBits = zmm(19);
    private final Vec upperBits = zmm(20);
    private final Vec numbers = zmm(21);
    private final Vec upperNumbers = zmm(22);
    private final Vec lowNibble = zmm(23);
    private final Vec sixteen = zmm(24);

    /** @param fifthBit Q5_K rather than Q4_K */
    DenseUnpackNibbles(boolean fifthBit, DenseElement element) {
        super(fifthBit ? 176 : 144, 256 / element.perStep() * Float.BYTES);
        this.fifthBit = fifthBit;
        this.element = element;
    }

    @Override
    void constants(Assembler a) {
        constant(a, lowerBytes, LOWER_BYTES);
        constant(a, upperBytes, UPPER_BYTES);
        constant(a, lowerShifts, LOWER_SHIFTS);
        constant(a, lowerBits, LOWER_BITS);
        constant(a, upperBits, UPPER_BITS);
        constant(a, numbers, NUMBERS);
        constant(a, upperNumbers, UPPER_NUMBERS);
        boolean wide = element == DenseElement.FLOAT32;
        constant(a, lowNibble, wide ? WIDE_LOW_NIBBLE : LOW_NIBBLE);
        constant(a, sixteen, wide ? WIDE_SIXTEEN : SIXTEEN);
        mask(a, MINIMA, 0xFF00);
    }

    @Override
    void block(Assembler a) {
        scales(a);
        if (element == DenseElement.FLOAT32) {
            floats(a);
            return;
        }
        Vec fifthBits = zmm(5);
        if (fifthBit) {
            a.emit(VPMOVZXBW, fifthBits, at(RSI, 16));
        }
        for (int pair = 0; pair < 4; pair++) {
            Vec packed = zmm(4);
            a.emit(VPMOVZXBW, packed, at(RSI, (fifthBit ? 48 : 16) + 32 * pair));
            if (fifthBit) {
                for (int sub = 2 * pair; sub < 2 * pair + 2; sub++) {
                    values(a, zmm(2), numbers, sub);
                    values(a, zmm(3), upperNumbers, sub);
                    round(a, zmm(2), zmm(2), zmm(3));
                    Vec quants = zmm(6);
                    lowOrHigh(a, quants, packed, sub % 2 == 1);
                    addFifth(a, quants, fifthBits, sub);
                    a.emit(VPERMW, quants, quants, zmm(2));
                    put(a, sub, quants);
                }
            } else {
                values(a, zmm(2), numbers, 2 * pair);
                values(a, zmm(3), numbers, 2 * pair + 1);
                round(a, zmm(2), zmm(2), zmm(3));
                lowOrHigh(a, zmm(6), packed, false);
                lowOrHigh(a, zmm(7), packed, true);
                a.emit(VPORD, zmm(7), zmm(7), sixteen);
                for (int i = 0; i < 2; i++) {
                    a.emit(VPERMW, zmm(6 + i), zmm(6 + i), zmm(2));
                    put(a, 2 * pair + i, zmm(6 + i));
                }
            }
        }
    }

    private void floats(Assembler a) {
        for (int vector = 0; vector < 16; vector++) {
            int sub = vector / 2;
            int half = 16 * (vector % 2);
            Vec value = zmm(2);
            Mem quants = at(RSI, (fifthBit ? 48 : 16) + 32 * (sub / 2) + half);
            integers(a, value, quants, 4 * (sub % 2), lowNibble);
            if (fifthBit) {
                a.emit(VPMOVZXBD, zmm(5), at(RSI, 16 + half));
                if (sub != 4) {
                    a.emit(sub < 4 ? VPSLLD : VPSRLD, zmm(5), zmm(5), Math.abs(4 - sub));
                }
                a.emit(VPTERNLOGD, value, zmm(5), sixteen, FIRST_OR_SECOND_AND_THIRD);
            }
            a.emit(VCVTDQ2PS, value, value);
            a.emit(VMULPS, value, value, at(RDI, SCRATCH + 4 * sub).repeated());
            a.emit(VSUBPS, value, value, at(RDI, SCRATCH + 32 + 4 * sub).repeated());
            put(a, vector, value);
        }
    }

    /** The scratch memory becomes the scales of the eight sub-blocks, then their minima. */
    private void scales(Assembler a) {
        Vec header = zmm(0);
        Vec lower = zmm(1);
        Vec upper = zmm(2);
        Vec factors = zmm(3);
        a.emit(VBROADCASTI32X4, header, at(RSI, 0));
        a.emit(VPSHUFB, lower, header, lowerBytes);
        a.emit(VPSRLVD, lower, lower, lowerShifts);
        a.emit(VPANDD, lower, lower, lowerBits);
        a.emit(VPSHUFB, upper, header, upperBytes);
        a.emit(VPANDD, upper, upper, upperBits);
        a.emit(VPSRLD, upper, upper, 2);
        a.emit(VPORD, lower, lower, upper);
        a.emit(VCVTDQ2PS, lower, lower);
        a.emit(VPBROADCASTW, ymm(3), at(RSI, 0));
        a.emit(VPBROADCASTW, ymm(3), at(RSI, 2), Mask.merging(MINIMA));
        a.emit(VCVTPH2PS, factors, ymm(3));
        a.emit(VMULPS, lower, lower, factors);
        a.store(VMOVUPS_STORE, at(RDI, SCRATCH), lower);
    }

    private static void values(Assembler a, Vec target, Vec numbers, int sub) {
        a.emit(VMULPS, target, numbers, at(RDI, SCRATCH + 4 * sub).repeated());
        a.emit(VSUBPS, target, target, at(RDI, SCRATCH + 32 + 4 * sub).repeated());
    }

    private void lowOrHigh(Assembler a, Vec quants, Vec packed, boolean high) {
        if (high) {
            a.emit(VPSRLW, quants, packed, 4);
        } else {
            a.emit(VPANDD, quants, packed, lowNibble);
        }
    }

    /** Bit {@code sub} of each word becomes bit 4 of the quants. */
    private void addFifth(Assembler a, Vec quants, Vec bits, int sub) {
        Vec shifted = bits;
        if (sub != 4) {
            shifted = zmm(8);
            a.emit(sub < 4 ? VPSLLW : VPSRLW, shifted, bits, Math.abs(4 - sub));
        }
        a.emit(VPTERNLOGD, quants, shifted, sixteen, FIRST_OR_SECOND_AND_THIRD);
    }
}
