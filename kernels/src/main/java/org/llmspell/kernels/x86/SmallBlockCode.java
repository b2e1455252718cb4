package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VBROADCASTI32X4;
import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VFMADD231PS;
import static org.llmspell.kernels.x86.Op.VINSERTI64X4;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPBROADCASTW;
import static org.llmspell.kernels.x86.Op.VPDPBUSD;
import static org.llmspell.kernels.x86.Op.VPSRLVW;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Vec.zmm;

/**
 * Q4_0 and Q8_0: blocks of 32 quants after a half-precision factor, two blocks a step. Quants are taken with an offset that makes
 * them unsigned, as the instruction wants them; the records' sums, where the product begins, take it away again.
 */
final class SmallBlockCode extends ProductCode {
    /** What is to be added for each unit of the sums of Q8_0 and Q4_0. */
    static final int Q8_OFFSET = -128;

    static final int Q4_OFFSET = -8;

    private static final long SIGN = Constants.bytes(i -> 0x80);
    private static final long LOW_NIBBLE = Constants.bytes(i -> 0x0F);
    private static final long NIBBLE_SHIFTS = Constants.words(i -> i % 16 < 8 ? 0 : 4);

    private static final int SECOND_BLOCK_WORDS = 1;
    private static final int SECOND_BLOCK = 2;

    private final boolean nibbles;
    private final int blockBytes;
    private final Vec sign = zmm(16);
    private final Vec lowNibble = zmm(17);
    private final Vec shifts = zmm(18);
    private final Vec quants = zmm(19);
    private final Vec factors = zmm(20);
    private final Vec product = zmm(21);

    private SmallBlockCode(boolean nibbles, int blockBytes, int rows, int tokens) {
        super(rows, tokens, 2 * blockBytes, Quantization.SMALL_RECORD);
        this.nibbles = nibbles;
        this.blockBytes = blockBytes;
    }

    static SmallBlockCode q4(int rows, int tokens) {
        return new SmallBlockCode(true, 18, rows, tokens);
    }

    static SmallBlockCode q8(int rows, int tokens) {
        return new SmallBlockCode(false, 34, rows, tokens);
    }

    @Override
    void constants(Assembler a) {
        constant(a, sign, SIGN);
        constant(a, lowNibble, LOW_NIBBLE);
        constant(a, shifts, NIBBLE_SHIFTS);
        mask(a, SECOND_BLOCK_WORDS, 0xFF00);
        mask(a, SECOND_BLOCK, 0xFF00);
    }

    @Override
    void step(Assembler a) {
        for (int row = 0; row < rows; row++) {
            if (nibbles) {
                a.emit(VBROADCASTI32X4, quants, weights(row, 2));
                a.emit(VBROADCASTI32X4, quants, weights(row, blockBytes + 2), Mask.merging(SECOND_BLOCK));
                a.emit(VPSRLVW, quants, quants, shifts);
                a.emit(VPANDD, quants, quants, lowNibble);
            } else {
                a.emit(VMOVDQU32, quants.y(), weights(row, 2));
                a.emit(VINSERTI64X4, quants, quants, weights(row, blockBytes + 2), 1);
                a.emit(VPXORD, quants, quants, sign);
            }
            a.emit(VPBROADCASTW, factors.y(), weights(row, 0));
            a.emit(VPBROADCASTW, factors.y(), weights(row, blockBytes), Mask.merging(SECOND_BLOCK_WORDS));
            a.emit(VCVTPH2PS, factors, factors.y());
            for (int token = 0; token < tokens; token++) {
                a.emit(VMOVDQU32, product, record(token, Quantization.SMALL_SUMS));
                a.emit(VPDPBUSD, product, quants, record(token, 0));
                a.emit(VCVTDQ2PS, product, product);
                a.emit(VMULPS, product, product, factors);
                a.emit(VFMADD231PS, sum(row, token), product, record(token, Quantization.SMALL_SCALE));
            }
        }
    }
}
