package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Op.VBROADCASTI64X4;
import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VFMADD231PS;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPBROADCASTW;
import static org.llmspell.kernels.x86.Op.VPDPWSSD;
import static org.llmspell.kernels.x86.Op.VPERMW;
import static org.llmspell.kernels.x86.Op.VPMADDUBSW;
import static org.llmspell.kernels.x86.Op.VPMADDWD;
import static org.llmspell.kernels.x86.Op.VPMOVSXBW;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSLLW;
import static org.llmspell.kernels.x86.Op.VPSRLVW;
import static org.llmspell.kernels.x86.Op.VPSRLW;
import static org.llmspell.kernels.x86.Op.VPSUBD;
import static org.llmspell.kernels.x86.Op.VPTERNLOGD;
import static org.llmspell.kernels.x86.Vec.zmm;

/**
 * Q6_K: sixteen runs of 16 quants of six bits with a signed 8-bit scale each. Per block and token
 * {@code d · (Σ_s scale_s · Σ q · a − 32 · Σ_s scale_s · Σ a)}, everything inside in integers: 63 · 127 · 2 fits in 16 bits, times 128 and
 * summed in 32.
 */
final class SixBitSuperCode extends ProductCode {
    private static final int UPPER_BITS_AT = 128;
    private static final int SCALES_AT = 192;
    private static final int FACTOR_AT = 208;
    private static final int BLOCK_BYTES = 210;

    private static final long LOW_NIBBLE = Constants.bytes(i -> 0x0F);
    private static final long UPPER_BITS = Constants.bytes(i -> 0x30);
    private static final long BIT_SHIFTS = Constants.words(i -> i < 16 ? 0 : 2);
    private static final long[] SCALES = new long[4];

    static {
        for (int part = 0; part < 4; part++) {
            int first = 4 * part;
            SCALES[part] = Constants.words(i -> first + i / 8);
        }
    }

    private final Vec lowNibble = zmm(16);
    private final Vec upperBits = zmm(17);
    private final Vec bitShifts = zmm(18);
    private final Vec[] scaleIndex = {zmm(19), zmm(20), zmm(21), zmm(22)};
    private final Vec factor = zmm(23);
    private final Vec scales = zmm(24);
    private final Vec loaded = zmm(25);
    private final Vec bits = zmm(26);
    private final Vec quants = zmm(29);
    private final Vec scale = zmm(30);
    private final Vec temporary = zmm(31);

    SixBitSuperCode(int rows, int tokens) {
        super(rows, tokens, BLOCK_BYTES, Quantization.SUPER_RECORD);
    }

    @Override
    void constants(Assembler a) {
        constant(a, lowNibble, LOW_NIBBLE);
        constant(a, upperBits, UPPER_BITS);
        constant(a, bitShifts, BIT_SHIFTS);
        for (int part = 0; part < 4; part++) {
            constant(a, scaleIndex[part], SCALES[part]);
        }
    }

    @Override
    void step(Assembler a) {
        for (int row = 0; row < rows; row++) {
            addRow(a, row);
        }
    }

    private void addRow(Assembler a, int row) {
        a.emit(VPMOVSXBW, scales.y(), weights(row, SCALES_AT));
        a.emit(VPBROADCASTW, factor.y(), weights(row, FACTOR_AT));
        a.emit(VCVTPH2PS, factor, factor.y());
        for (int part = 0; part < 4; part++) {
            if (part % 2 == 0) {
                a.emit(VMOVDQU32, loaded, weights(row, 32 * part));
                a.emit(VBROADCASTI64X4, bits, weights(row, UPPER_BITS_AT + 16 * part));
                a.emit(VPSRLVW, bits, bits, bitShifts);
                a.emit(VPANDD, quants, loaded, lowNibble);
                a.emit(VPSLLW, temporary, bits, 4);
                addUpperBits(a, temporary);
            } else {
                a.emit(VPSRLW, quants, loaded, 4);
                a.emit(VPANDD, quants, quants, lowNibble);
                addUpperBits(a, bits);
            }
            a.emit(VPERMW, scale, scaleIndex[part], scales);
            for (int token = 0; token < tokens; token++) {
                a.emit(VPMADDUBSW, temporary, quants, record(token, 64 * part));
                a.emit(part == 0 ? VPMADDWD : VPDPWSSD, product(token), temporary, scale);
            }
        }
        for (int token = 0; token < tokens; token++) {
            a.emit(VPMADDWD, temporary.y(), scales.y(), record(token, Quantization.SUPER_SUMS));
            a.emit(VPSLLD, temporary.y(), temporary.y(), 5);
            a.emit(VPSUBD, product(token), product(token), temporary);
            a.emit(VCVTDQ2PS, temporary, product(token));
            a.emit(VMULPS, temporary, temporary, factor);
            a.emit(
                    VFMADD231PS,
                    sum(row, token),
                    temporary,
                    record(token, Quantization.SUPER_SCALE).repeated());
        }
    }

    private void addUpperBits(Assembler a, Vec shifted) {
        int firstOrSecondAndThird = 0xF8;
        a.emit(VPTERNLOGD, quants, shifted, upperBits, firstOrSecondAndThird);
    }

    private static Vec product(int token) {
        return zmm(8 + token);
    }
}
