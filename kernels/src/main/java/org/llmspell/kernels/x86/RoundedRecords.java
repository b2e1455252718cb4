package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R11;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VMOVSS_STORE;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPADDD;
import static org.llmspell.kernels.x86.Op.VPMOVSDB;
import static org.llmspell.kernels.x86.Op.VPSLLD;
import static org.llmspell.kernels.x86.Op.VPSUBD;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Vec.zmm;

/**
 * The activations of many tokens rounded to 8 bits, as {@link PanelCode} reads them: a record for every 256 activations of a
 * token, those of all tokens for the same 256 following each other. Rounding is that of {@link Quantization}.
 *
 * <p>Beside its quants a record holds, for each run of quants that may share a scale of weights, −128 times their sum, by which
 * products with weights that are stored 128 too large begin, and the sum itself, which minima of weights are multiplied by.
 */
enum RoundedRecords {
    /** One scale for all 256, sums for runs of 16 and of 32, in units of the scale. Columns come in multiples of 256. */
    SUPER(464),
    /** A scale for each run of 32; the sums that minima are multiplied by are not rounded any more. Columns come in multiples of 32. */
    SMALL(352);

    /** Activations of a record. */
    static final int GROUP = 256;

    /** Activations of a run. */
    static final int RUN = 32;

    /** Where things stand in a record: i8 quants [256] from 0; f32 scale, one or [8]. */
    static final int SCALE = 256;

    private static final int SUPER_OFFSETS_16 = 272;
    private static final int SUPER_OFFSETS_32 = 336;
    private static final int SUPER_SUMS_16 = 368;
    private static final int SUPER_SUMS_32 = 432;

    private static final int SMALL_OFFSETS_32 = 288;
    private static final int SMALL_SUMS_32 = 320;

    /** Where the arguments stand in the block. */
    static final int X = 0;

    static final int RECORDS = 8;
    /** Runs of 32. */
    static final int RUNS = 16;
    /** Bytes from one record of the token to its next. */
    static final int STEP = 24;

    /** As a shift to the left. */
    static final int TIMES_128 = 7;

    private static final Vec SUM = zmm(22);
    private static final Vec OTHER = zmm(23);
    private static final Vec ZERO = zmm(16);

    private final int bytes;

    RoundedRecords(int bytes) {
        this.bytes = bytes;
    }

    /** What columns must be a multiple of. */
    int multiple() {
        return this == SUPER ? GROUP : RUN;
    }

    /** Bytes of a record. */
    int bytes() {
        return bytes;
    }

    /** Where −128 times the sums of {@code run} quants stand, i32 each. */
    int offsets(int run) {
        return this == SMALL ? SMALL_OFFSETS_32 : run == RUN ? SUPER_OFFSETS_32 : SUPER_OFFSETS_16;
    }

    /** Where the sums of {@code run} quants stand, f32 each. */
    int sums(int run) {
        return this == SMALL ? SMALL_SUMS_32 : run == RUN ? SUPER_SUMS_32 : SUPER_SUMS_16;
    }

    /** Rounds one token. */
    Routine routine() {
        return Routine.of(this == SUPER ? RoundedRecords::writeSuper : RoundedRecords::writeSmall);
    }

    private static void writeSuper(Assembler a) {
        begin(a);
        loop(a, R8, 8, () -> {
            Quantization.quantize(a, 0, 16);
            a.store(VMOVSS_STORE, at(RDX, SCALE), Quantization.MOST.x());
            for (int i = 0; i < 16; i++) {
                a.store(VPMOVSDB, at(RDX, 16 * i), zmm(i));
            }
            for (int run = 0; run < 8; run++) {
                Vec first = zmm(2 * run);
                Vec second = zmm(2 * run + 1);
                Lanes.join(a, VPADDD, first, OTHER);
                Lanes.join(a, VPADDD, second, OTHER);
                sums(a, first, SUPER_OFFSETS_16 + 8 * run, SUPER_SUMS_16 + 8 * run);
                sums(a, second, SUPER_OFFSETS_16 + 8 * run + 4, SUPER_SUMS_16 + 8 * run + 4);
                a.emit(VPADDD, first, first, second);
                sums(a, first, SUPER_OFFSETS_32 + 4 * run, SUPER_SUMS_32 + 4 * run);
            }
            a.add(RSI, 4 * GROUP);
            a.add(RDX, R9);
        });
    }

    /** Stores −128 times {@code sum} and {@code sum} itself. */
    private static void sums(Assembler a, Vec sum, int offset, int plain) {
        a.emit(VPSLLD, OTHER.x(), sum.x(), TIMES_128);
        a.emit(VPSUBD, OTHER.x(), ZERO.x(), OTHER.x());
        a.store(VMOVSS_STORE, at(RDX, offset), OTHER.x());
        a.emit(VCVTDQ2PS, OTHER.x(), sum.x());
        a.store(VMOVSS_STORE, at(RDX, plain), OTHER.x());
    }

    private static void writeSmall(Assembler a) {
        begin(a);
        a.mov(RCX, 0);
        Assembler.Label same = new Assembler.Label();
        loop(a, R8, 1, () -> {
            Quantization.quantize(a, 0, 2);
            a.lea(R10, at(RDX, RCX, 8, 0));
            a.lea(R11, at(RDX, RCX, 1, 0));
            a.store(VMOVSS_STORE, at(R11, SCALE), Quantization.MOST.x());
            for (int i = 0; i < 2; i++) {
                a.store(VPMOVSDB, at(R10, 16 * i), zmm(i));
            }
            a.emit(VPADDD, SUM, zmm(0), zmm(1));
            Lanes.join(a, VPADDD, SUM, OTHER);
            a.emit(VPSLLD, OTHER, SUM, TIMES_128);
            a.emit(VPSUBD, OTHER, ZERO, OTHER);
            a.store(VMOVSS_STORE, at(R11, SMALL_OFFSETS_32), OTHER.x());
            a.emit(VCVTDQ2PS, SUM, SUM);
            a.emit(VMULPS, SUM, SUM, Quantization.MOST);
            a.store(VMOVSS_STORE, at(R11, SMALL_SUMS_32), SUM.x());
            a.add(RSI, 4 * RUN);
            a.add(RCX, 4);
            a.and(RCX, 28);
            a.jump(Assembler.Condition.NOT_EQUAL, same);
            a.add(RDX, R9);
            a.place(same);
        });
    }

    private static void begin(Assembler a) {
        Quantization.constants(a, 0);
        a.emit(VPXORD, ZERO, ZERO, ZERO);
        a.load(RSI, at(RDI, X));
        a.load(RDX, at(RDI, RECORDS));
        a.load(R8, at(RDI, RUNS));
        a.load(R9, at(RDI, STEP));
    }

    /** As long as {@code counter}, which is not 0 at first, has not come down to 0 by steps. */
    private static void loop(Assembler a, Gp counter, int step, Runnable body) {
        Assembler.Label next = new Assembler.Label();
        a.place(next);
        body.run();
        a.sub(counter, step);
        a.jump(Assembler.Condition.NOT_EQUAL, next);
    }
}
