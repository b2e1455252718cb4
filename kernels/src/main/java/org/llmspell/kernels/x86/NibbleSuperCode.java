package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VBROADCASTI32X4;
import static org.llmspell.kernels.x86.Op.VBROADCASTI64X4;
import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VEXTRACTI64X4;
import static org.llmspell.kernels.x86.Op.VFMADD231PS;
import static org.llmspell.kernels.x86.Op.VFNMADD231PS;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPCOMPRESSD;
import static org.llmspell.kernels.x86.Op.VPDPWSSD;
import static org.llmspell.kernels.x86.Op.VPERMW;
import static org.llmspell.kernels.x86.Op.VPMADDUBSW;
import static org.llmspell.kernels.x86.Op.VPMADDWD;
import static org.llmspell.kernels.x86.Op.VPMOVZXBW;
import static org.llmspell.kernels.x86.Op.VPSHUFD;
import static org.llmspell.kernels.x86.Op.VPSLLW;
import static org.llmspell.kernels.x86.Op.VPSRLD;
import static org.llmspell.kernels.x86.Op.VPSRLVD;
import static org.llmspell.kernels.x86.Op.VPSRLVW;
import static org.llmspell.kernels.x86.Op.VPSRLW;
import static org.llmspell.kernels.x86.Op.VPTERNLOGD;
import static org.llmspell.kernels.x86.Vec.zmm;

/**
 * Q4_K and Q5_K: eight runs of 32 quants with a scale and a minimum of six bits each. Per block and token
 * {@code Σ = d · Σ_s scale_s · Σ q · a − dmin · Σ_s min_s · Σ a}, everything inside in integers: 15 · 127 · 2 (31 for Q5_K) fits in 16 bits,
 * times 63 and summed in 32.
 *
 * <p>The scales of up to four rows are decoded together, a row in each 128 bits; then, widened to 16 bits, a permutation puts the
 * scale of each run where its products are.
 */
final class NibbleSuperCode extends ProductCode {
    private static final int HEADER_MASKS = 3;

    private static final long LOW_NIBBLE = Constants.bytes(i -> 0x0F);
    private static final long FIFTH = Constants.bytes(i -> 0x10);
    private static final long BIT_SHIFTS = Constants.words(i -> i < 16 ? 0 : 2);
    private static final long SCALE_SHIFTS = Constants.ints(i -> i % 4 == 3 ? 4 : 0);
    private static final long LOWER_BITS = Constants.ints(i -> i % 2 == 0 ? 0x3F3F3F3F : 0x0F0F0F0F);
    private static final long UPPER_BITS = Constants.ints(i -> i % 2 == 0 ? 0 : 0x30303030);

    /** For two rows' widened scales and minima, which scale each of 32 lanes takes, for each of the four 64 quants. */
    private static final long[][] SCALES = new long[2][4];

    private static final long[] MINIMA = new long[2];

    static {
        int[] firstRuns = {0, 1, 4, 5};
        int[] stored = {0, 2, 1, 3, 4, 6, 5, 7};
        for (int row = 0; row < 2; row++) {
            int base = 16 * row;
            for (int part = 0; part < 4; part++) {
                int run = firstRuns[part];
                SCALES[row][part] = Constants.words(i -> base + (i < 16 ? run : run + 2));
            }
            MINIMA[row] = Constants.words(i -> base + 8 + stored[i / 2 % 8]);
        }
    }

    private final boolean fifthBit;
    private final Vec[][] scaleIndex = new Vec[2][4];
    private final Vec[] minimumIndex = new Vec[2];
    private final Vec lowNibble = zmm(21);
    private final Vec widened01 = zmm(27);
    private final Vec widened23 = zmm(28);
    private final Vec quants = zmm(29);
    private final Vec scale = zmm(30);
    private final Vec temporary = zmm(31);
    private final Vec[] loaded;
    private final Vec bits;

    /**
     * The code for {@code rows} rows and {@code tokens} tokens.
     *
     * @param fifthBit Q5_K rather than Q4_K
     */
    NibbleSuperCode(boolean fifthBit, int rows, int tokens) {
        super(rows, tokens, new Step(fifthBit ? 176 : 144, 1, Quantization.SUPER_RECORD));
        this.fifthBit = fifthBit;
        for (int part = 0; part < 4; part++) {
            scaleIndex[0][part] = zmm(16 + part);
            scaleIndex[1][part] = zmm(22 + part);
        }
        minimumIndex[0] = zmm(20);
        minimumIndex[1] = zmm(26);
        // With one row, what the second row of a pair would need is free; with several, there are few tokens.
        loaded = rows == 1 ? new Vec[] {zmm(22), zmm(23)} : new Vec[] {zmm(14), zmm(15)};
        bits = rows == 1 ? zmm(24) : zmm(13);
    }

    @Override
    void constants(Assembler a) {
        constant(a, lowNibble, LOW_NIBBLE);
        for (int row = 0; row < Math.min(rows, 2); row++) {
            for (int part = 0; part < 4; part++) {
                constant(a, scaleIndex[row][part], SCALES[row][part]);
            }
            constant(a, minimumIndex[row], MINIMA[row]);
        }
        for (int row = 1; row < rows; row++) {
            mask(a, row, 0xF << 4 * row);
        }
        mask(a, HEADER_MASKS + 1, 0x1111);
    }

    @Override
    void step(Assembler a) {
        decodeScales(a);
        for (int row = 0; row < rows; row++) {
            addRow(a, row);
        }
    }

    private void decodeScales(Assembler a) {
        Vec header = quants;
        a.emit(VMOVDQU32, header.x(), weights(0, 0));
        for (int row = 1; row < rows; row++) {
            a.emit(VBROADCASTI32X4, header, weights(row, 0), Mask.merging(row));
        }
        a.store(VPCOMPRESSD, temporary, header, Mask.zeroing(HEADER_MASKS + 1), 0);
        a.emit(VCVTPH2PS, temporary.y(), temporary.x());
        a.store(VMOVUPS_STORE, at(RDI, SCRATCH), temporary.y());

        Vec lower = scale;
        Vec upper = temporary;
        a.emit(VPSHUFD, lower, header, 0xED);
        fetch(a, SCALE_SHIFTS);
        a.emit(VPSRLVD, lower, lower, at(R10, 0));
        a.emit(VPSHUFD, upper, header, 0x84);
        a.emit(VPSRLD, upper, upper, 2);
        fetch(a, UPPER_BITS);
        a.emit(VPANDD, upper, upper, at(R10, 0));
        fetch(a, LOWER_BITS);
        int firstAndThirdOrSecond = 0xEC;
        a.emit(VPTERNLOGD, lower, upper, at(R10, 0), firstAndThirdOrSecond);
        a.emit(VPMOVZXBW, widened01, lower.y());
        if (rows > 2) {
            a.store(VEXTRACTI64X4, temporary.y(), lower, 1);
            a.emit(VPMOVZXBW, widened23, temporary.y());
        }
    }

    private static void fetch(Assembler a, long constant) {
        a.mov(R10, constant);
    }

    private void addRow(Assembler a, int row) {
        Vec widened = row < 2 ? widened01 : widened23;
        int quantsAt = fifthBit ? 48 : 16;
        a.emit(VMOVDQU32, loaded[0], weights(row, quantsAt));
        a.emit(VMOVDQU32, loaded[1], weights(row, quantsAt + 64));
        if (fifthBit) {
            fetch(a, BIT_SHIFTS);
            a.emit(VBROADCASTI64X4, bits, weights(row, 16));
            a.emit(VPSRLVW, bits, bits, at(R10, 0));
        }
        for (int part = 0; part < 4; part++) {
            if (part % 2 == 0) {
                a.emit(VPANDD, quants, loaded[part / 2], lowNibble);
            } else {
                a.emit(VPSRLW, quants, loaded[part / 2], 4);
                a.emit(VPANDD, quants, quants, lowNibble);
            }
            if (fifthBit) {
                addFifthBit(a, part);
            }
            a.emit(VPERMW, scale, scaleIndex[row % 2][part], widened);
            for (int token = 0; token < tokens; token++) {
                a.emit(VPMADDUBSW, temporary, quants, record(token, 64 * part));
                a.emit(part == 0 ? VPMADDWD : VPDPWSSD, product(token), temporary, scale);
            }
        }
        a.emit(VPERMW, scale, minimumIndex[row % 2], widened);
        for (int token = 0; token < tokens; token++) {
            Mem activationScale = record(token, Quantization.SUPER_SCALE).repeated();
            a.emit(VCVTDQ2PS, temporary, product(token));
            a.emit(VMULPS, temporary, temporary, at(RDI, SCRATCH + 8 * row).repeated());
            a.emit(VFMADD231PS, sum(row, token), temporary, activationScale);
            a.emit(VPMADDWD, temporary.y(), scale.y(), record(token, Quantization.SUPER_SUMS));
            a.emit(VCVTDQ2PS, temporary.y(), temporary.y());
            a.emit(
                    VMULPS,
                    temporary.y(),
                    temporary.y(),
                    at(RDI, SCRATCH + 8 * row + 4).repeated());
            a.emit(VFNMADD231PS, sum(row, token), temporary, activationScale);
        }
    }

    /** Bit number {@code part}, or 4 and 5 for the last two, of {@link #bits} becomes bit 4. */
    private void addFifthBit(Assembler a, int part) {
        int[] left = {4, 3, 0, -1};
        Vec shifted = bits;
        if (left[part] > 0) {
            shifted = temporary;
            a.emit(VPSLLW, shifted, bits, left[part]);
        } else if (left[part] < 0) {
            shifted = temporary;
            a.emit(VPSRLW, shifted, bits, -left[part]);
        }
        fetch(a, FIFTH);
        int firstOrSecondAndThird = 0xF8;
        a.emit(VPTERNLOGD, quants, shifted, at(R10, 0), firstOrSecondAndThird);
    }

    private static Vec product(int token) {
        return zmm(8 + token);
    }
}
