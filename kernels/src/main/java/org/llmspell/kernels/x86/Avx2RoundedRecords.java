package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.Gp.R11;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.RoundedRecords.GROUP;
import static org.llmspell.kernels.x86.RoundedRecords.RECORDS;
import static org.llmspell.kernels.x86.RoundedRecords.RUN;
import static org.llmspell.kernels.x86.RoundedRecords.RUNS;
import static org.llmspell.kernels.x86.RoundedRecords.SCALE;
import static org.llmspell.kernels.x86.RoundedRecords.SMALL;
import static org.llmspell.kernels.x86.RoundedRecords.STEP;
import static org.llmspell.kernels.x86.RoundedRecords.SUPER;
import static org.llmspell.kernels.x86.RoundedRecords.TIMES_128;
import static org.llmspell.kernels.x86.RoundedRecords.X;
import static org.llmspell.kernels.x86.Vec.xmm;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VCVTDQ2PS;
import static org.llmspell.kernels.x86.VexOp.VEXTRACTI128;
import static org.llmspell.kernels.x86.VexOp.VMOVDQU_STORE;
import static org.llmspell.kernels.x86.VexOp.VMOVSS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMULPS;
import static org.llmspell.kernels.x86.VexOp.VPADDD;
import static org.llmspell.kernels.x86.VexOp.VPHADDD;
import static org.llmspell.kernels.x86.VexOp.VPSLLD;
import static org.llmspell.kernels.x86.VexOp.VPSUBD;
import static org.llmspell.kernels.x86.VexOp.VPXOR;
import static org.llmspell.kernels.x86.VexOp.VUNPCKHPS;
import static org.llmspell.kernels.x86.VexOp.VUNPCKLPS;

/** {@link RoundedRecords} written in AVX2: the same records, of the same bits. */
final class Avx2RoundedRecords {
    private static final Vec ZERO = xmm(13);
    private static final Vec OTHER = xmm(14);

    private Avx2RoundedRecords() {}

    /** Rounds one token. */
    static Routine routine(RoundedRecords records) {
        return Routine.of(records == SUPER ? Avx2RoundedRecords::writeSuper : Avx2RoundedRecords::writeSmall);
    }

    private static void writeSuper(Assembler a) {
        Assembler.Label next = new Assembler.Label();
        begin(a);
        a.place(next);
        Avx2Quantization.scale(a, GROUP / RUN);
        a.store(VMOVSS_STORE, at(RDX, SCALE), Avx2Quantization.MOST.x());
        for (int half = 0; half < 2; half++) {
            for (int i = 0; i < 4; i++) {
                int run = 4 * half + i;
                Vec quants = ymm(4 + i);
                Avx2Quantization.quantize(a, quants, Float.BYTES * RUN * run);
                a.store(VMOVDQU_STORE, at(RDX, RUN * run), quants);
                Avx2Quantization.sumsOfFour(a, quants);
            }
            superSums(a, half);
        }
        a.add(RSI, Float.BYTES * GROUP);
        a.add(RDX, R9);
        a.sub(R8, GROUP / RUN);
        a.jump(Assembler.Condition.NOT_EQUAL, next);
    }

    /** The sums of four runs, whose sums of fours are in ymm4 to 7. */
    private static void superSums(Assembler a, int half) {
        a.emit(VPHADDD, ymm(4), ymm(4), ymm(5));
        a.emit(VPHADDD, ymm(6), ymm(6), ymm(7));
        // Of each run the first half is in the lower lanes, the second in the upper ones.
        a.emit(VPHADDD, ymm(4), ymm(4), ymm(6));
        a.store(VEXTRACTI128, xmm(5), ymm(4), 1);
        a.emit(VUNPCKLPS, xmm(6), xmm(4), xmm(5));
        a.emit(VUNPCKHPS, xmm(7), xmm(4), xmm(5));
        a.emit(VPADDD, xmm(4), xmm(4), xmm(5));
        int sixteens = 32 * half;
        sums(a, xmm(6), SUPER.offsets(16) + sixteens, SUPER.sums(16) + sixteens);
        sums(a, xmm(7), SUPER.offsets(16) + sixteens + 16, SUPER.sums(16) + sixteens + 16);
        sums(a, xmm(4), SUPER.offsets(RUN) + 16 * half, SUPER.sums(RUN) + 16 * half);
    }

    /** Stores −128 times four sums and the sums themselves. */
    private static void sums(Assembler a, Vec sums, int offset, int plain) {
        negated(a, sums);
        a.store(VMOVDQU_STORE, at(RDX, offset), OTHER);
        a.emit(VCVTDQ2PS, OTHER, sums);
        a.store(VMOVDQU_STORE, at(RDX, plain), OTHER);
    }

    private static void negated(Assembler a, Vec sums) {
        a.emit(VPSLLD, OTHER, sums, TIMES_128);
        a.emit(VPSUBD, OTHER, ZERO, OTHER);
    }

    private static void writeSmall(Assembler a) {
        Assembler.Label next = new Assembler.Label();
        Assembler.Label same = new Assembler.Label();
        Vec quants = ymm(4);
        Vec sum = quants.x();
        begin(a);
        a.mov(RCX, 0);
        a.place(next);
        Avx2Quantization.scale(a, 1);
        a.lea(RAX, at(RDX, RCX, 8, 0));
        a.lea(R11, at(RDX, RCX, 1, 0));
        a.store(VMOVSS_STORE, at(R11, SCALE), Avx2Quantization.MOST.x());
        Avx2Quantization.quantize(a, quants, 0);
        a.store(VMOVDQU_STORE, at(RAX, 0), quants);
        Avx2Quantization.sumsOfFour(a, quants);
        Lanes.join(a, VPADDD, quants, ymm(5));
        negated(a, sum);
        a.store(VMOVSS_STORE, at(R11, SMALL.offsets(RUN)), OTHER);
        a.emit(VCVTDQ2PS, sum, sum);
        a.emit(VMULPS, sum, sum, Avx2Quantization.MOST.x());
        a.store(VMOVSS_STORE, at(R11, SMALL.sums(RUN)), sum);
        a.add(RSI, Float.BYTES * RUN);
        a.add(RCX, Float.BYTES);
        a.and(RCX, Float.BYTES * (GROUP / RUN) - 1);
        a.jump(Assembler.Condition.NOT_EQUAL, same);
        a.add(RDX, R9);
        a.place(same);
        a.sub(R8, 1);
        a.jump(Assembler.Condition.NOT_EQUAL, next);
    }

    private static void begin(Assembler a) {
        Avx2Quantization.constants(a, 0);
        a.emit(VPXOR, ZERO, ZERO, ZERO);
        a.load(RSI, at(RDI, X));
        a.load(RDX, at(RDI, RECORDS));
        a.load(R8, at(RDI, RUNS));
        a.load(R9, at(RDI, STEP));
    }
}
