package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VBROADCASTI64X4;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPMOVSXBW;
import static org.llmspell.kernels.x86.Op.VPSLLW;
import static org.llmspell.kernels.x86.Op.VPSRLVW;
import static org.llmspell.kernels.x86.Op.VPSRLW;
import static org.llmspell.kernels.x86.Op.VPTERNLOGD;
import static org.llmspell.kernels.x86.Vec.zmm;

/** Q6_K: quants of six bits, four in one place and two in another, and signed 8-bit scales. */
final class SixBitSuperCode extends SixteenRunsCode {
    private static final int UPPER_BITS_AT = 128;
    private static final int SCALES_AT = 192;
    private static final int FACTOR_AT = 208;
    private static final int BLOCK_BYTES = 210;
    private static final int EXCESS_BITS = 5;
    private static final int FIRST_OR_SECOND_AND_THIRD = 0xF8;

    private static final long LOW_NIBBLE = Constants.bytes(i -> 0x0F);
    private static final long UPPER_BITS = Constants.bytes(i -> 0x30);
    private static final long BIT_SHIFTS = Constants.words(i -> i < 16 ? 0 : 2);

    private final Vec lowNibble = zmm(16);
    private final Vec upperBits = zmm(17);
    private final Vec bitShifts = zmm(18);
    private final Vec loaded = zmm(25);
    private final Vec bits = zmm(26);

    SixBitSuperCode(int rows, int tokens) {
        super(rows, tokens, BLOCK_BYTES, FACTOR_AT, EXCESS_BITS);
    }

    @Override
    void ownConstants(Assembler a) {
        constant(a, lowNibble, LOW_NIBBLE);
        constant(a, upperBits, UPPER_BITS);
        constant(a, bitShifts, BIT_SHIFTS);
    }

    @Override
    void scales(Assembler a, int row) {
        a.emit(VPMOVSXBW, scales.y(), weights(row, SCALES_AT));
    }

    @Override
    void quants(Assembler a, int row, int part) {
        if (part % 2 == 0) {
            a.emit(VMOVDQU32, loaded, weights(row, 32 * part));
            a.emit(VBROADCASTI64X4, bits, weights(row, UPPER_BITS_AT + 16 * part));
            a.emit(VPSRLVW, bits, bits, bitShifts);
            a.emit(VPANDD, quants, loaded, lowNibble);
            a.emit(VPSLLW, temporary, bits, 4);
            a.emit(VPTERNLOGD, quants, temporary, upperBits, FIRST_OR_SECOND_AND_THIRD);
        } else {
            a.emit(VPSRLW, quants, loaded, 4);
            a.emit(VPANDD, quants, quants, lowNibble);
            a.emit(VPTERNLOGD, quants, bits, upperBits, FIRST_OR_SECOND_AND_THIRD);
        }
    }
}
