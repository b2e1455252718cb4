package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VBROADCASTI32X4;
import static org.llmspell.kernels.x86.Op.VBROADCASTSS;
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
import static org.llmspell.kernels.x86.Op.VPORD;
import static org.llmspell.kernels.x86.Op.VPSHUFB;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSLLW;
import static org.llmspell.kernels.x86.Op.VPSRLD;
import static org.llmspell.kernels.x86.Op.VPSRLVD;
import static org.llmspell.kernels.x86.Op.VPSRLVW;
import static org.llmspell.kernels.x86.Op.VPSRLW;
import static org.llmspell.kernels.x86.Op.VPSUBD;
import static org.llmspell.kernels.x86.Op.VPTERNLOGD;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.Vec.zmm;

import java.util.function.IntUnaryOperator;
import org.llmspell.kernels.format.TableBlocks;

/**
 * Expands Q3_K and IQ4_XS: formats whose six-bit scales are signed and kept in four bits here and two bits there. To bfloat16 the
 * eight or 16 values of a sub-block are computed and rounded once, and its quants look them up; to float32 each is multiplied.
 */
final class DenseUnpackSignedScales extends DenseUnpackCode {
    private static final long LOW_NIBBLE = Constants.ints(i -> 15);
    private static final long LOW_BITS = Constants.ints(i -> 3);
    private static final long OFFSET = Constants.ints(i -> 32);

    private static final long LEVELS = Constants.floats(16, i -> TableBlocks.nonlinearLevels()[i]);
    private static final long SHIFTS = Constants.words(i -> i < 16 ? 0 : 4);

    private static final long NUMBERS = Constants.floats(16, i -> i % 8 - 4);
    private static final long THREE = Constants.words(i -> 3);
    private static final long FOUR = Constants.words(i -> 4);
    private static final long WIDE_FOUR = Constants.ints(i -> 4);
    private static final long FIRST_PLACES = Constants.words(i -> i / 16 * 8);
    private static final long SECOND_PLACES = Constants.words(i -> 16 + i / 16 * 8);

    private static final int SECOND_SUB_BLOCK = 1;
    private static final int FIRST_AND_SECOND_OR_THIRD = 0xEA;
    private static final int FIRST_OR_SECOND_AND_THIRD = 0xF8;

    private final boolean threeBits;
    private final DenseElement element;
    /** Of the 16 bytes with the scales, where they begin in the block, and where the half is that all are multiplied by. */
    private final int header;

    private final int factor;
    private final long lowerBytes;
    private final long lowerShifts;
    private final long upperBytes;
    private final long upperShifts;

    private DenseUnpackSignedScales(
            boolean threeBits,
            DenseElement element,
            int header,
            int factor,
            IntUnaryOperator lowerByte,
            IntUnaryOperator lowerShift,
            IntUnaryOperator upperByte,
            IntUnaryOperator upperShift) {
        super(threeBits ? 110 : 136, 256 / element.perStep() * Float.BYTES);
        this.threeBits = threeBits;
        this.element = element;
        this.header = header;
        this.factor = factor;
        lowerBytes = Constants.ints(i -> 0x80808000 | lowerByte.applyAsInt(i));
        lowerShifts = Constants.ints(lowerShift);
        upperBytes = Constants.ints(i -> 0x80808000 | upperByte.applyAsInt(i));
        upperShifts = Constants.ints(upperShift);
    }

    /** Bytes of a block: hmask[32], qs[64], scales[12], d. The 16 bytes that end with d are read. */
    static DenseUnpackSignedScales q3k(DenseElement element) {
        return new DenseUnpackSignedScales(
                true, element, 94, 108, i -> 2 + i % 8, i -> i < 8 ? 0 : 4, i -> 10 + i % 4, i -> 2 * (i / 4));
    }

    /** Bytes of a block: d, u16 scales_h, scales_l[4], qs[128]. Of 16 scales the last eight are nothing. */
    static DenseUnpackSignedScales iq4xs(DenseElement element) {
        return new DenseUnpackSignedScales(
                false, element, 0, 0, i -> 4 + i / 2 % 4, i -> 4 * (i % 2), i -> 2 + i / 4 % 2, i -> 2 * (i % 4));
    }

    @Override
    void constants(Assembler a) {
        constant(a, zmm(16), lowerBytes);
        constant(a, zmm(17), lowerShifts);
        constant(a, zmm(18), upperBytes);
        constant(a, zmm(19), upperShifts);
        constant(a, zmm(20), LOW_NIBBLE);
        constant(a, zmm(21), LOW_BITS);
        constant(a, zmm(22), OFFSET);
        if (element == DenseElement.FLOAT32) {
            constant(a, zmm(23), threeBits ? WIDE_FOUR : LEVELS);
        } else if (threeBits) {
            constant(a, zmm(23), NUMBERS);
            constant(a, zmm(24), THREE);
            constant(a, zmm(25), FOUR);
            constant(a, zmm(26), FIRST_PLACES);
            constant(a, zmm(27), SECOND_PLACES);
            mask(a, SECOND_SUB_BLOCK, 0xFF00);
        } else {
            constant(a, zmm(23), LEVELS);
            constant(a, zmm(24), SHIFTS);
        }
    }

    @Override
    void block(Assembler a) {
        scales(a);
        if (element == DenseElement.FLOAT32) {
            for (int vector = 0; vector < 16; vector++) {
                Vec value = zmm(2);
                if (threeBits) {
                    threeBitIntegers(a, value, vector);
                } else {
                    integers(a, value, at(RSI, 8 + 16 * (vector / 2)), 4 * (vector % 2), zmm(20));
                    a.emit(VPERMD, value, value, zmm(23));
                }
                int sub = threeBits ? vector : vector / 2;
                a.emit(VMULPS, value, value, at(RDI, SCRATCH + 4 * sub).repeated());
                put(a, vector, value);
            }
        } else if (threeBits) {
            for (int half = 0; half < 2; half++) {
                threeBits(a, half);
            }
        } else {
            for (int sub = 0; sub < 8; sub++) {
                nibbles(a, sub);
            }
        }
    }

    /** The scratch memory becomes the scales as float32. */
    private void scales(Assembler a) {
        Vec bytes = zmm(0);
        Vec lower = zmm(1);
        Vec upper = zmm(2);
        a.emit(VBROADCASTI32X4, bytes, at(RSI, header));
        a.emit(VPSHUFB, lower, bytes, zmm(16));
        a.emit(VPSRLVD, lower, lower, zmm(17));
        a.emit(VPANDD, lower, lower, zmm(20));
        a.emit(VPSHUFB, upper, bytes, zmm(18));
        a.emit(VPSRLVD, upper, upper, zmm(19));
        a.emit(VPANDD, upper, upper, zmm(21));
        a.emit(VPSLLD, upper, upper, 4);
        a.emit(VPORD, lower, lower, upper);
        a.emit(VPSUBD, lower, lower, zmm(22));
        a.emit(VCVTDQ2PS, lower, lower);
        a.emit(VPBROADCASTW, ymm(2), at(RSI, factor));
        a.emit(VCVTPH2PS, upper, ymm(2));
        a.emit(VMULPS, lower, lower, upper);
        a.store(VMOVUPS_STORE, at(RDI, SCRATCH), lower);
    }

    /** From −4 to 3, as float32. */
    private static void threeBitIntegers(Assembler a, Vec value, int sub) {
        Vec third = zmm(3);
        integers(a, value, at(RSI, 32 + 32 * (sub / 8) + 16 * (sub % 2)), 2 * (sub % 8 / 2), zmm(21));
        a.emit(VPMOVZXBD, third, at(RSI, 16 * (sub % 2)));
        int left = 2 - sub / 2;
        if (left != 0) {
            a.emit(left > 0 ? VPSLLD : VPSRLD, third, third, Math.abs(left));
        }
        a.emit(VPTERNLOGD, value, third, zmm(23), FIRST_OR_SECOND_AND_THIRD);
        a.emit(VPSUBD, value, value, zmm(23));
        a.emit(VCVTDQ2PS, value, value);
    }

    private static void nibbles(Assembler a, int sub) {
        Vec values = zmm(1);
        Vec quants = zmm(2);
        a.emit(VMULPS, values, zmm(23), at(RDI, SCRATCH + 4 * sub).repeated());
        round(a, values, values, values);
        a.emit(VBROADCASTI32X4, ymm(2), at(RSI, 8 + 16 * sub));
        a.emit(VPMOVZXBW, quants, ymm(2));
        a.emit(VPSRLVW, quants, quants, zmm(24));
        a.emit(VPERMW, quants, quants, values);
        put(a, sub, quants);
    }

    private static void threeBits(Assembler a, int half) {
        Vec packed = zmm(3);
        Vec third = zmm(4);
        Vec quants = zmm(5);
        Vec shifted = zmm(6);
        a.emit(VPMOVZXBW, packed, at(RSI, 32 + 32 * half));
        a.emit(VPMOVZXBW, third, at(RSI, 0));
        for (int line = 0; line < 4; line++) {
            if (line % 2 == 0) {
                eightValues(a, zmm(1), 8 * half + 2 * line);
                eightValues(a, zmm(2), 8 * half + 2 * line + 2);
                round(a, zmm(1), zmm(1), zmm(2));
            }
            a.emit(VPSRLW, quants, packed, 2 * line);
            a.emit(VPTERNLOGD, quants, zmm(24), zmm(26 + line % 2), FIRST_AND_SECOND_OR_THIRD);
            int left = 2 - (4 * half + line);
            a.emit(left > 0 ? VPSLLW : VPSRLW, shifted, third, Math.abs(left));
            a.emit(VPTERNLOGD, quants, shifted, zmm(25), FIRST_OR_SECOND_AND_THIRD);
            a.emit(VPERMW, quants, quants, zmm(1));
            put(a, 4 * half + line, quants);
        }
    }

    /** The eight values of sub-block {@code sub} and of the next. */
    private static void eightValues(Assembler a, Vec target, int sub) {
        a.emit(VBROADCASTSS, target, at(RDI, SCRATCH + 4 * sub));
        a.emit(VBROADCASTSS, target, at(RDI, SCRATCH + 4 * sub + 4), Mask.merging(SECOND_SUB_BLOCK));
        a.emit(VMULPS, target, target, zmm(23));
    }
}
