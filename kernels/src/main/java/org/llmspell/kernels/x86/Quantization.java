package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Lanes.SWAP_HALVES;
import static org.llmspell.kernels.x86.Lanes.SWAP_NEIGHBOURS;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Op.VADDPS;
import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VCVTPS2DQ;
import static org.llmspell.kernels.x86.Op.VDIVPS;
import static org.llmspell.kernels.x86.Op.VMAXPS;
import static org.llmspell.kernels.x86.Op.VMOVDQU32;
import static org.llmspell.kernels.x86.Op.VMOVDQU32_STORE;
import static org.llmspell.kernels.x86.Op.VMOVQ_STORE;
import static org.llmspell.kernels.x86.Op.VMOVSS_STORE;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPADDD;
import static org.llmspell.kernels.x86.Op.VPANDD;
import static org.llmspell.kernels.x86.Op.VPBROADCASTD;
import static org.llmspell.kernels.x86.Op.VPCOMPRESSD;
import static org.llmspell.kernels.x86.Op.VPDPBUSD;
import static org.llmspell.kernels.x86.Op.VPMOVDW;
import static org.llmspell.kernels.x86.Op.VPMOVSDB;
import static org.llmspell.kernels.x86.Op.VPMULLD;
import static org.llmspell.kernels.x86.Op.VPSHUFD;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Vec.zmm;

/**
 * Rounds the activations of one token to 8 bits, group by group, with what products of quantized weights need beside them. A group
 * becomes one record:
 *
 * <pre>
 * group of   i8 quants                          sums                                               f32 scales           bytes
 * 256        0: (see Order)                     256: i16[16], of 16 quants in stored order         288: of all          320
 * 4 × 32     0: the first 16 of each 32,        128: i32[16], of 4 quants at 0 and 4 at 64, times  192: of each 32, 4×  256
 *            64: the others                     the offset; or f32 and times the scale
 * 32         none: the activations as they are                                                                          128
 * </pre>
 *
 * Quants are {@code round(x / scale)} with {@code scale = max|x| / 127} over the 256, or over each 32. Where some x is not finite the scale is no number either.
 */
final class Quantization {
    /** Where the arguments stand in the block: activations, records, groups, bytes from one record of the token to its next. */
    static final int X = 0;

    static final int RECORDS = 8;
    static final int GROUPS = 16;
    static final int STEP = 24;
    /** 48 bits. */
    static final int REST = 32;

    /** How many bits. */
    static final int REST_COUNT = 40;

    static final int QUAD_BLOCKS = 4;

    static final int SUPER_RECORD = 320;
    static final int SUPER_SUMS = 256;
    static final int SUPER_SCALE = 288;

    static final int QUAD_RECORD = 256;
    static final int QUAD_SECOND = 64;
    static final int QUAD_SUMS = 128;
    static final int QUAD_SCALE = 192;

    /** In place of an offset: sums are f32 and times the scale, for minima to be multiplied by. */
    static final int MINIMA = 1;

    /** How the eight runs of 32 quants in a group of 256 are stored. */
    enum Order {
        /** One after the other. */
        PLAIN,
        /** 0, 2, 1, 3, 4, 6, 5, 7: as the nibbles of 64 bytes of Q4_K and Q5_K belong together. */
        NIBBLES,
        /** 0, 4, 1, 5, 2, 6, 3, 7: as the pairs of bits of 64 bytes of Q2_K and Q3_K belong together. */
        PAIRS;

        /** The place of run {@code run}. */
        int place(int run) {
            return switch (this) {
                case PLAIN -> run;
                case NIBBLES -> run & 4 | (run & 1) << 1 | run >> 1 & 1;
                case PAIRS -> (run & 3) << 1 | run >> 2;
            };
        }

        /** Which run of 16 quants is stored as number {@code place} of sixteen. */
        int run16At(int place) {
            int run = 0;
            while (place(run) != place / 2) {
                run++;
            }
            return 2 * run + place % 2;
        }
    }

    static final Vec MOST = zmm(17);
    private static final Vec SUM = zmm(18);
    private static final Vec INVERSE = zmm(19);
    private static final Vec TEMPORARY = zmm(20);
    private static final Vec QUANTS = zmm(21);
    private static final Vec ABSOLUTE = zmm(24);
    private static final Vec PER_STEP = zmm(25);
    private static final Vec STEPS = zmm(26);
    private static final Vec TINY = zmm(27);
    private static final Vec ONES = zmm(28);
    private static final Vec ZERO = zmm(29);
    private static final Vec OFFSET = zmm(30);

    private Quantization() {}

    /** Groups of 256. */
    static Routine superGroups(Order order) {
        return Routine.of(a -> {
            constants(a, 0);
            a.mov(RAX, 0x1111);
            a.kmovd(1, RAX);
            loop(a, 256, () -> {
                quantize(a, 0, 16);
                a.store(VMOVSS_STORE, at(RDX, SUPER_SCALE), MOST.x());
                for (int i = 0; i < 16; i++) {
                    int place = 32 * order.place(i / 2) + 16 * (i % 2);
                    a.store(VPMOVSDB, at(RDX, place), zmm(i));
                }
                for (int quarter = 0; quarter < 4; quarter++) {
                    sumsOfFour(a, 64 * quarter);
                    a.emit(VPSHUFD, MOST, TEMPORARY, SWAP_NEIGHBOURS);
                    a.emit(VPADDD, TEMPORARY, TEMPORARY, MOST);
                    a.emit(VPSHUFD, MOST, TEMPORARY, SWAP_HALVES);
                    a.emit(VPADDD, TEMPORARY, TEMPORARY, MOST);
                    a.store(VPCOMPRESSD, TEMPORARY, TEMPORARY, Mask.zeroing(1), 0);
                    a.store(VPMOVDW, TEMPORARY.x(), TEMPORARY.x());
                    a.store(VMOVQ_STORE, at(RDX, SUPER_SUMS + 8 * quarter), TEMPORARY.x());
                }
                a.add(RDX, R9);
            });
        });
    }

    /**
     * Groups of four times 32; {@link #GROUPS} counts the 32, and the last group may be incomplete.
     *
     * @param offset what the weights' quants have too much, times −1, or {@link #MINIMA}
     */
    static Routine quads(int offset) {
        return Routine.of(a -> {
            constants(a, offset);
            a.mov(RCX, QUAD_BLOCKS);
            loop(a, 32, () -> {
                quantize(a, 0, 2);
                a.store(VMOVUPS_STORE, at(RDX, QUAD_SCALE), MOST.x());
                a.store(VPMOVSDB, at(RDX, 0), zmm(0));
                a.store(VPMOVSDB, at(RDX, QUAD_SECOND), zmm(1));
                Vec sums = TEMPORARY.x();
                a.emit(VPXORD, sums, sums, sums);
                a.emit(VPDPBUSD, sums, ONES.x(), at(RDX, 0));
                a.emit(VPDPBUSD, sums, ONES.x(), at(RDX, QUAD_SECOND));
                if (offset == MINIMA) {
                    a.emit(VCVTDQ2PS, sums, sums);
                    a.emit(VMULPS, sums, sums, MOST.x());
                } else {
                    a.emit(VPMULLD, sums, sums, OFFSET.x());
                }
                a.store(VMOVDQU32_STORE, at(RDX, QUAD_SUMS), sums);
                Assembler.Label same = new Assembler.Label();
                a.add(RDX, 16);
                a.sub(RCX, 1);
                a.jump(Assembler.Condition.NOT_EQUAL, same);
                a.mov(RCX, QUAD_BLOCKS);
                a.sub(RDX, 16 * QUAD_BLOCKS);
                a.add(RDX, R9);
                a.place(same);
            });
        });
    }

    /** Groups of 32 activations as they are; {@link #GROUPS} counts them, {@link #REST} has a bit for each one after them. */
    static Routine floats() {
        return Routine.of(a -> {
            loop(a, FloatCode.GROUP, () -> {
                copy(a, Mask.NONE, Mask.NONE);
                a.add(RDX, R9);
            });
            a.load32(RAX, at(RDI, REST));
            a.kmovd(1, RAX);
            a.load32(RAX, at(RDI, REST).plus(2));
            a.kmovd(2, RAX);
            copy(a, Mask.zeroing(1), Mask.zeroing(2));
        });
    }

    private static void copy(Assembler a, Mask first, Mask second) {
        a.emit(VMOVUPS, zmm(0), at(RSI, 0), first);
        a.emit(VMOVUPS, zmm(1), at(RSI, 64), second);
        a.store(VMOVUPS_STORE, at(RDX, 0), zmm(0));
        a.store(VMOVUPS_STORE, at(RDX, 64), zmm(1));
    }

    static void constants(Assembler a, int offset) {
        broadcast(a, ABSOLUTE, 0x7FFFFFFF);
        broadcast(a, PER_STEP, Float.floatToRawIntBits(1 / 127f));
        broadcast(a, STEPS, Float.floatToRawIntBits(127));
        // Lest zeros are divided by zero.
        broadcast(a, TINY, Float.floatToRawIntBits(1e-30f));
        broadcast(a, ONES, 0x01010101);
        broadcast(a, OFFSET, offset);
        a.emit(VPXORD, ZERO, ZERO, ZERO);
    }

    /** Uses the argument block's free end for the way from a general register to a vector. */
    private static void broadcast(Assembler a, Vec vector, int value) {
        a.mov(RAX, value);
        a.store32(at(RDI, ProductCode.SCRATCH), RAX);
        a.emit(VPBROADCASTD, vector, at(RDI, ProductCode.SCRATCH));
    }

    /** For every group; {@code body} takes RDX to the next record. */
    static void loop(Assembler a, int group, Runnable body) {
        a.load(RSI, at(RDI, X));
        a.load(RDX, at(RDI, RECORDS));
        a.load(R8, at(RDI, GROUPS));
        a.load(R9, at(RDI, STEP));
        Assembler.Label next = new Assembler.Label();
        Assembler.Label end = new Assembler.Label();
        a.test(R8, R8);
        a.jump(Assembler.Condition.EQUAL, end);
        a.place(next);
        body.run();
        a.add(RSI, 4 * group);
        a.sub(R8, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, next);
        a.place(end);
    }

    /** Registers from {@code first} on: that part of the activations at RSI as 32-bit quants, their scale in {@link #MOST}. */
    static void quantize(Assembler a, int first, int vectors) {
        a.emit(VPXORD, MOST, MOST, MOST);
        a.emit(VPXORD, SUM, SUM, SUM);
        for (int i = first; i < first + vectors; i++) {
            a.emit(VMOVUPS, zmm(i), at(RSI, 64 * i));
            a.emit(VPANDD, TEMPORARY, zmm(i), ABSOLUTE);
            a.emit(VMAXPS, MOST, MOST, TEMPORARY);
            a.emit(VADDPS, SUM, SUM, zmm(i));
        }
        Lanes.join(a, VMAXPS, MOST, TEMPORARY);
        Lanes.join(a, VADDPS, SUM, TEMPORARY);
        a.emit(VMAXPS, MOST, MOST, TINY);
        a.emit(VDIVPS, INVERSE, STEPS, MOST);
        a.emit(VMULPS, MOST, MOST, PER_STEP);
        // 0 · Σx is 0, or no number where some x is not finite.
        a.emit(VMULPS, SUM, SUM, ZERO);
        a.emit(VADDPS, MOST, MOST, SUM);
        for (int i = first; i < first + vectors; i++) {
            a.emit(VMULPS, zmm(i), zmm(i), INVERSE);
            a.emit(VCVTPS2DQ, zmm(i), zmm(i));
        }
    }

    /** The sums of four quants each of the 64 that are stored at {@code offset} of the record. */
    private static void sumsOfFour(Assembler a, int offset) {
        a.emit(VMOVDQU32, QUANTS, at(RDX, offset));
        a.emit(VPXORD, TEMPORARY, TEMPORARY, TEMPORARY);
        a.emit(VPDPBUSD, TEMPORARY, ONES, QUANTS);
    }
}
