package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VBROADCASTI64X4;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VPADDB;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPMOVSXBW;
import static org.llmspell.kernels.x86.Op.VPSHUFB;
import static org.llmspell.kernels.x86.Op.VPSLLW;
import static org.llmspell.kernels.x86.Op.VPSRLVW;
import static org.llmspell.kernels.x86.Op.VPSRLW;
import static org.llmspell.kernels.x86.Op.VPTERNLOGD;
import static org.llmspell.kernels.x86.Vec.zmm;

/**
 * Q3_K: quants of three bits, two in one place and one in another, and scales of six bits, stored 32 too large, four in one place and
 * two in another. Quants are gone over in {@link Quantization.Order#PAIRS}.
 */
final class ThreeBitSuperCode extends SixteenRunsCode {
    private static final int QUANTS_AT = 32;
    /** 16 bytes that end with the twelve of the scales and d, and do not reach beyond the block. */
    private static final int HEADER_AT = 94;

    private static final int SCALES_IN_HEADER = 2;
    private static final int FACTOR_AT = 108;
    private static final int BLOCK_BYTES = 110;
    private static final int EXCESS_BITS = 2;
    private static final int FIRST_OR_SECOND_AND_THIRD = 0xF8;

    private static final long LOW_PAIR = Constants.bytes(i -> 0x03);
    private static final long THIRD_BIT = Constants.bytes(i -> 0x04);
    /** The bits of runs 4 to 7 lie four higher. */
    private static final long BIT_SHIFTS = Constants.words(i -> i < 16 ? 0 : 4);

    private static final long NIBBLE_BYTES = Constants.bytes(i -> SCALES_IN_HEADER + run(i) % 8);
    private static final long NIBBLE_SHIFTS = Constants.words(i -> 4 * (run(2 * i) / 8));
    private static final long LOW_NIBBLE = Constants.bytes(i -> 0x0F);
    private static final long UPPER_BYTES = Constants.bytes(i -> SCALES_IN_HEADER + 8 + run(i) % 4);
    private static final long UPPER_SHIFTS = Constants.words(i -> 2 * (run(2 * i) / 4));
    private static final long UPPER_BITS = Constants.bytes(i -> 0x30);
    private static final long MINUS_32 = Constants.bytes(i -> -32);

    private final Vec thirdBit = zmm(16);
    private final Vec lowPair = zmm(17);
    private final Vec bitShifts = zmm(18);
    private final Vec loaded = zmm(25);
    private final Vec bits = zmm(26);

    ThreeBitSuperCode(int rows, int tokens) {
        super(rows, tokens, BLOCK_BYTES, FACTOR_AT, EXCESS_BITS);
    }

    private static int run(int place) {
        return Quantization.Order.PAIRS.run16At(place % 16);
    }

    @Override
    void ownConstants(Assembler a) {
        constant(a, thirdBit, THIRD_BIT);
        constant(a, lowPair, LOW_PAIR);
        constant(a, bitShifts, BIT_SHIFTS);
    }

    @Override
    void scales(Assembler a, int row) {
        Vec header = loaded.x();
        Vec lower = quants.x();
        Vec upper = temporary.x();
        a.emit(VMOVDQU32, header, weights(row, HEADER_AT));
        a.emit(VPSHUFB, lower, header, fetched(a, NIBBLE_BYTES));
        a.emit(VPSRLVW, lower, lower, fetched(a, NIBBLE_SHIFTS));
        a.emit(VPANDD, lower, lower, fetched(a, LOW_NIBBLE));
        a.emit(VPSHUFB, upper, header, fetched(a, UPPER_BYTES));
        a.emit(VPSRLVW, upper, upper, fetched(a, UPPER_SHIFTS));
        a.emit(VPSLLW, upper, upper, 4);
        a.emit(VPTERNLOGD, lower, upper, fetched(a, UPPER_BITS), FIRST_OR_SECOND_AND_THIRD);
        a.emit(VPADDB, lower, lower, fetched(a, MINUS_32));
        a.emit(VPMOVSXBW, scales.y(), lower);
    }

    private static Mem fetched(Assembler a, long constant) {
        a.mov(R10, constant);
        return at(R10, 0);
    }

    @Override
    void quants(Assembler a, int row, int part) {
        if (part == 0) {
            a.emit(VMOVDQU32, loaded, weights(row, QUANTS_AT));
            a.emit(VBROADCASTI64X4, bits, weights(row, 0));
            a.emit(VPSRLVW, bits, bits, bitShifts);
            a.emit(VPANDD, quants, loaded, lowPair);
        } else {
            a.emit(VPSRLW, quants, loaded, 2 * part);
            a.emit(VPANDD, quants, quants, lowPair);
        }
        Vec moved = bits;
        if (part != 2) {
            moved = temporary;
            a.emit(part < 2 ? VPSLLW : VPSRLW, moved, bits, Math.abs(2 - part));
        }
        a.emit(VPTERNLOGD, quants, moved, thirdBit, FIRST_OR_SECOND_AND_THIRD);
    }
}
