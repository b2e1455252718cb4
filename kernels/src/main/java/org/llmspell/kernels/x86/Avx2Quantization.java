package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VADDPS;
import static org.llmspell.kernels.x86.VexOp.VANDPS;
import static org.llmspell.kernels.x86.VexOp.VCVTDQ2PS;
import static org.llmspell.kernels.x86.VexOp.VCVTPS2DQ;
import static org.llmspell.kernels.x86.VexOp.VDIVPS;
import static org.llmspell.kernels.x86.VexOp.VEXTRACTI128;
import static org.llmspell.kernels.x86.VexOp.VMAXPS;
import static org.llmspell.kernels.x86.VexOp.VMOVDQU_STORE;
import static org.llmspell.kernels.x86.VexOp.VMOVSS_LOAD;
import static org.llmspell.kernels.x86.VexOp.VMOVSS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMULPS;
import static org.llmspell.kernels.x86.VexOp.VPACKSSDW;
import static org.llmspell.kernels.x86.VexOp.VPACKSSWB;
import static org.llmspell.kernels.x86.VexOp.VPADDD;
import static org.llmspell.kernels.x86.VexOp.VPERMD;
import static org.llmspell.kernels.x86.VexOp.VPHADDD;
import static org.llmspell.kernels.x86.VexOp.VPMADDUBSW;
import static org.llmspell.kernels.x86.VexOp.VPMADDWD;
import static org.llmspell.kernels.x86.VexOp.VPMULLD;
import static org.llmspell.kernels.x86.VexOp.VPUNPCKLWD;
import static org.llmspell.kernels.x86.VexOp.VPXOR;

/** {@link Quantization} in AVX2: the same records, of the same bits. */
final class Avx2Quantization {
    private static final int VECTOR_BYTES = 32;
    /** What 32 activations take. */
    private static final int RUN_BYTES = 4 * VECTOR_BYTES;

    private static final int ONE_BYTES = 0;
    private static final int ONE_WORDS = 32;
    private static final int ABSOLUTE = 64;
    private static final int PER_STEP = 96;
    private static final int STEPS = 128;
    /** Lest zeros are divided by zero. */
    private static final int TINY = 160;

    private static final int IN_ORDER = 192;
    private static final int OFFSET = 224;
    private static final int CONSTANT_BYTES = 256;

    private static final int[] PACKED_WORDS = {0, 4, 1, 5, 2, 6, 3, 7};

    /** The scale, in every lane. */
    static final Vec MOST = ymm(8);

    private static final Vec SUM = ymm(9);
    private static final Vec INVERSE = ymm(10);
    private static final Vec TEMPORARY = ymm(11);
    private static final Vec ORDER = ymm(12);

    private Avx2Quantization() {}

    /** R10 is there while records are written. */
    private static long constants(int offset) {
        return Constants.table(CONSTANT_BYTES, i -> {
            int value = switch (i / 32 * 32) {
                case ONE_BYTES -> 0x01010101;
                case ONE_WORDS -> 0x00010001;
                case ABSOLUTE -> 0x7FFFFFFF;
                case PER_STEP -> Float.floatToRawIntBits(1 / 127f);
                case STEPS -> Float.floatToRawIntBits(127);
                case TINY -> Float.floatToRawIntBits(1e-30f);
                case IN_ORDER -> PACKED_WORDS[i / 4 % 8];
                default -> offset;
            };
            return value >> 8 * (i % 4);
        });
    }

    /** R10 and ymm12 are for these from here on. */
    static void constants(Assembler a, int offset) {
        a.mov(R10, constants(offset));
        a.emit(VMOVUPS, ORDER, at(R10, IN_ORDER));
    }

    /** Groups of 256 in {@link Quantization.Order#PLAIN}. */
    static Routine superGroups() {
        return Routine.of(a -> {
            constants(a, 0);
            Quantization.loop(a, 256, () -> {
                scale(a, 8);
                a.store(VMOVSS_STORE, at(RDX, Quantization.SUPER_SCALE), MOST.x());
                for (int half = 0; half < 2; half++) {
                    for (int run = 0; run < 4; run++) {
                        Vec quants = ymm(4 + run);
                        quantize(a, quants, RUN_BYTES * (4 * half + run));
                        a.store(VMOVDQU_STORE, at(RDX, 32 * (4 * half + run)), quants);
                        sumsOfFour(a, quants);
                    }
                    a.emit(VPHADDD, ymm(4), ymm(4), ymm(5));
                    a.emit(VPHADDD, ymm(6), ymm(6), ymm(7));
                    a.emit(VPHADDD, ymm(4), ymm(4), ymm(6));
                    a.emit(VPACKSSDW, ymm(4), ymm(4), ymm(4));
                    a.store(VEXTRACTI128, ymm(5).x(), ymm(4), 1);
                    a.emit(VPUNPCKLWD, ymm(4).x(), ymm(4).x(), ymm(5).x());
                    a.store(VMOVDQU_STORE, at(RDX, Quantization.SUPER_SUMS + 16 * half), ymm(4).x());
                }
                a.add(RDX, R9);
            });
        });
    }

    /**
     * Groups of four times 32; {@link Quantization#GROUPS} counts the 32, and the last group may be incomplete.
     *
     * @param offset what the weights' quants have too much, times −1, or {@link Quantization#MINIMA}
     */
    static Routine quads(int offset) {
        return Routine.of(a -> {
            constants(a, offset);
            a.mov(RCX, Quantization.QUAD_BLOCKS);
            Quantization.loop(a, 32, () -> {
                scale(a, 1);
                a.store(VMOVUPS_STORE, at(RDX, Quantization.QUAD_SCALE), MOST.x());
                Vec quants = ymm(4);
                quantize(a, quants, 0);
                a.store(VMOVDQU_STORE, at(RDX, 0), quants.x());
                a.store(VEXTRACTI128, at(RDX, Quantization.QUAD_SECOND), quants, 1);
                sumsOfFour(a, quants);
                Vec sums = quants.x();
                a.store(VEXTRACTI128, TEMPORARY.x(), quants, 1);
                a.emit(VPADDD, sums, sums, TEMPORARY.x());
                if (offset == Quantization.MINIMA) {
                    a.emit(VCVTDQ2PS, sums, sums);
                    a.emit(VMULPS, sums, sums, MOST.x());
                } else {
                    a.emit(VPMULLD, sums, sums, at(R10, OFFSET));
                }
                a.store(VMOVDQU_STORE, at(RDX, Quantization.QUAD_SUMS), sums);
                Assembler.Label same = new Assembler.Label();
                a.add(RDX, 16);
                a.sub(RCX, 1);
                a.jump(Assembler.Condition.NOT_EQUAL, same);
                a.mov(RCX, Quantization.QUAD_BLOCKS);
                a.sub(RDX, 16 * Quantization.QUAD_BLOCKS);
                a.add(RDX, R9);
                a.place(same);
            });
        });
    }

    /** Groups of 32 activations as they are; {@link Quantization#REST_COUNT} counts those after them. */
    static Routine floats() {
        return Routine.of(a -> {
            Quantization.loop(a, FloatCode.GROUP, () -> {
                for (int i = 0; i < RUN_BYTES; i += VECTOR_BYTES) {
                    a.emit(VMOVUPS, TEMPORARY, at(RSI, i));
                    a.store(VMOVUPS_STORE, at(RDX, i), TEMPORARY);
                }
                a.add(RDX, R9);
            });
            Assembler.Label next = new Assembler.Label();
            Assembler.Label end = new Assembler.Label();
            a.load(RAX, at(RDI, Quantization.REST_COUNT));
            a.test(RAX, RAX);
            a.jump(Assembler.Condition.EQUAL, end);
            a.place(next);
            a.emit(VMOVSS_LOAD, TEMPORARY.x(), at(RSI, 0));
            a.store(VMOVSS_STORE, at(RDX, 0), TEMPORARY.x());
            a.add(RSI, Float.BYTES);
            a.add(RDX, Float.BYTES);
            a.sub(RAX, 1);
            a.jump(Assembler.Condition.NOT_EQUAL, next);
            a.place(end);
        });
    }

    /** The scale of the {@code runs} times 32 activations at RSI in every lane of {@link #MOST}, 127 / max|x| in {@link #INVERSE}. */
    static void scale(Assembler a, int runs) {
        // Four of each, lest one waits for the other.
        for (int i = 0; i < 4; i++) {
            a.emit(VMOVUPS, sums(i), at(RSI, VECTOR_BYTES * i));
            a.emit(VANDPS, most(i), sums(i), at(R10, ABSOLUTE));
        }
        for (int i = 4; i < 4 * runs; i++) {
            a.emit(VMOVUPS, TEMPORARY, at(RSI, VECTOR_BYTES * i));
            a.emit(VADDPS, sums(i % 4), sums(i % 4), TEMPORARY);
            a.emit(VANDPS, TEMPORARY, TEMPORARY, at(R10, ABSOLUTE));
            a.emit(VMAXPS, most(i % 4), most(i % 4), TEMPORARY);
        }
        for (int i = 2; i >= 1; i--) {
            for (int j = 0; j < i; j++) {
                a.emit(VADDPS, sums(j), sums(j), sums(j + i));
                a.emit(VMAXPS, most(j), most(j), most(j + i));
            }
        }
        a.emit(VMAXPS, MOST, most(0), at(R10, TINY));
        a.emit(VPXOR, SUM, SUM, SUM);
        // 0 · Σx is 0, or no number where some x is not finite.
        a.emit(VMULPS, SUM, SUM, sums(0));
        Lanes.join(a, VMAXPS, MOST, TEMPORARY);
        Lanes.join(a, VADDPS, SUM, TEMPORARY);
        a.emit(VMOVUPS, INVERSE, at(R10, STEPS));
        a.emit(VDIVPS, INVERSE, INVERSE, MOST);
        a.emit(VMULPS, MOST, MOST, at(R10, PER_STEP));
        a.emit(VADDPS, MOST, MOST, SUM);
    }

    private static Vec sums(int i) {
        return ymm(i);
    }

    private static Vec most(int i) {
        return ymm(4 + i);
    }

    /** 32 activations from byte {@code offset} on as 8-bit quants in {@code target}; uses registers 0 to 3. */
    static void quantize(Assembler a, Vec target, int offset) {
        for (int i = 0; i < 4; i++) {
            a.emit(VMULPS, ymm(i), INVERSE, at(RSI, offset + VECTOR_BYTES * i));
            a.emit(VCVTPS2DQ, ymm(i), ymm(i));
        }
        a.emit(VPACKSSDW, ymm(0), ymm(0), ymm(1));
        a.emit(VPACKSSDW, ymm(2), ymm(2), ymm(3));
        a.emit(VPACKSSWB, ymm(0), ymm(0), ymm(2));
        a.emit(VPERMD, target, ORDER, ymm(0));
    }

    /** 32 quants become eight sums of four. */
    static void sumsOfFour(Assembler a, Vec quants) {
        a.emit(VMOVUPS, TEMPORARY, at(R10, ONE_BYTES));
        a.emit(VPMADDUBSW, quants, TEMPORARY, quants);
        a.emit(VPMADDWD, quants, quants, at(R10, ONE_WORDS));
    }
}
