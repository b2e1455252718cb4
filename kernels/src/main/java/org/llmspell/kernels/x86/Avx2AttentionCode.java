package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.AttentionCode.CAP;
import static org.llmspell.kernels.x86.AttentionCode.FIRST_VALUE;
import static org.llmspell.kernels.x86.AttentionCode.FIRST_WEIGHT;
import static org.llmspell.kernels.x86.AttentionCode.GROUP;
import static org.llmspell.kernels.x86.AttentionCode.KEYS;
import static org.llmspell.kernels.x86.AttentionCode.QUERY;
import static org.llmspell.kernels.x86.AttentionCode.QUERY_STRIDE;
import static org.llmspell.kernels.x86.AttentionCode.ROWS;
import static org.llmspell.kernels.x86.AttentionCode.SCALE;
import static org.llmspell.kernels.x86.AttentionCode.SCORES;
import static org.llmspell.kernels.x86.AttentionCode.SEEN;
import static org.llmspell.kernels.x86.AttentionCode.STATES;
import static org.llmspell.kernels.x86.AttentionCode.STATE_MAXIMUM;
import static org.llmspell.kernels.x86.AttentionCode.STATE_SUMS;
import static org.llmspell.kernels.x86.AttentionCode.STATE_VALUES;
import static org.llmspell.kernels.x86.AttentionCode.TWO_BY_CAP;
import static org.llmspell.kernels.x86.AttentionCode.VALUES;
import static org.llmspell.kernels.x86.AttentionCode.VISIBLE;
import static org.llmspell.kernels.x86.AttentionCode.VISIBLE_BITS;
import static org.llmspell.kernels.x86.AttentionCode.WIDENED;
import static org.llmspell.kernels.x86.AttentionCode.WIDE_KEYS;
import static org.llmspell.kernels.x86.AttentionCode.WIDE_VALUES;
import static org.llmspell.kernels.x86.Gp.R10;
import static org.llmspell.kernels.x86.Gp.R11;
import static org.llmspell.kernels.x86.Gp.R8;
import static org.llmspell.kernels.x86.Gp.R9;
import static org.llmspell.kernels.x86.Gp.RAX;
import static org.llmspell.kernels.x86.Gp.RBX;
import static org.llmspell.kernels.x86.Gp.RCX;
import static org.llmspell.kernels.x86.Gp.RDI;
import static org.llmspell.kernels.x86.Gp.RDX;
import static org.llmspell.kernels.x86.Gp.RSI;
import static org.llmspell.kernels.x86.Mem.at;
import static org.llmspell.kernels.x86.Vec.ymm;
import static org.llmspell.kernels.x86.VexOp.VADDPS;
import static org.llmspell.kernels.x86.VexOp.VANDNPS;
import static org.llmspell.kernels.x86.VexOp.VANDPS;
import static org.llmspell.kernels.x86.VexOp.VBROADCASTSS;
import static org.llmspell.kernels.x86.VexOp.VCVTDQ2PS;
import static org.llmspell.kernels.x86.VexOp.VCVTPH2PS;
import static org.llmspell.kernels.x86.VexOp.VDIVPS;
import static org.llmspell.kernels.x86.VexOp.VEXTRACTI128;
import static org.llmspell.kernels.x86.VexOp.VFMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VMASKMOVPS_LOAD;
import static org.llmspell.kernels.x86.VexOp.VMASKMOVPS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMAXPS;
import static org.llmspell.kernels.x86.VexOp.VMOVSS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMULPS;
import static org.llmspell.kernels.x86.VexOp.VORPS;
import static org.llmspell.kernels.x86.VexOp.VPAND;
import static org.llmspell.kernels.x86.VexOp.VPBROADCASTD;
import static org.llmspell.kernels.x86.VexOp.VPBROADCASTW;
import static org.llmspell.kernels.x86.VexOp.VPCMPEQD;
import static org.llmspell.kernels.x86.VexOp.VPERMD;
import static org.llmspell.kernels.x86.VexOp.VPMOVSXBD;
import static org.llmspell.kernels.x86.VexOp.VSUBPS;
import static org.llmspell.kernels.x86.VexOp.VUNPCKHPD;
import static org.llmspell.kernels.x86.VexOp.VUNPCKHPS;
import static org.llmspell.kernels.x86.VexOp.VUNPCKLPD;
import static org.llmspell.kernels.x86.VexOp.VUNPCKLPS;

import org.llmspell.kernels.CacheFormat;
import org.llmspell.kernels.x86.Assembler.Condition;
import org.llmspell.kernels.x86.Assembler.Label;

/**
 * {@link AttentionCode} in AVX2, with the same arguments and states, of whose sixteen partial sums the first eight are in use.
 *
 * @param shape its dimensions being 8 or more
 */
record Avx2AttentionCode(AttentionCode shape) {
    static final int LANES = 8;
    static final int VECTOR = 32;

    /** Keys whose scores are computed at a time: sums that do not wait for each other. */
    private static final int TOGETHER = 8;

    /** Vectors of the sum of values that registers hold at a time. */
    private static final int HELD = 12;

    /** Which lanes of a head's last vector there are, and where eight lanes that end with the head have them. */
    private static final Vec MASK = ymm(13);

    private static final Vec LAST = ymm(14);
    private static final long LAST_LANES = Constants.ints(i -> i % LANES);

    private static final long MINUS_INFINITY = Avx2RowCode.floats(Float.NEGATIVE_INFINITY);
    private static final long ONES = Avx2RowCode.floats(1);
    /** A bit for each of 32 lanes. */
    private static final long BITS = Constants.table(4 * 32, i -> 1 << i / 4 >>> 8 * (i % 4));

    static boolean possible(int keyDimension, int valueDimension, int pageTokens) {
        return fits(keyDimension)
                && fits(valueDimension)
                && pageTokens % 16 == 0
                && pageTokens <= AttentionCode.LARGEST_PAGE;
    }

    private static boolean fits(int dimension) {
        return dimension >= LANES && dimension <= AttentionCode.LARGEST_HEAD;
    }

    /** As {@link AttentionCode#page}. */
    Routine page() {
        return Routine.of(this::write);
    }

    /** As {@link AttentionCode#finish}. */
    Routine finish() {
        return Routine.of(this::writeFinish);
    }

    private void writeFinish(Assembler a) {
        Vec sum = ymm(0);
        Vec other = ymm(1);
        queries(a, shape.valueDimension(), () -> {
            a.emit(VMOVUPS, sum, at(RAX, STATE_SUMS));
            Lanes.join(a, VADDPS, sum, other);
            constant(a, other, ONES);
            a.emit(VDIVPS, other, other, sum);
            int dimension = shape.valueDimension();
            for (int i = 0; i < vectors(dimension); i++) {
                a.emit(VMULPS, sum, other, at(RAX, STATE_VALUES + VECTOR * i));
                if (i == dimension / LANES) {
                    constant(a, MASK, Avx2RowCode.mask(dimension % LANES));
                    a.emit(VMASKMOVPS_STORE, sum, MASK, at(R8, VECTOR * i));
                } else {
                    a.store(VMOVUPS_STORE, at(R8, VECTOR * i), sum);
                }
            }
        });
    }

    private void write(Assembler a) {
        a.push(RBX);
        Avx2Exponential.prepare(a, RBX);
        widen(a, KEYS, WIDE_KEYS, shape.keyDimension(), shape.wideKeyBytes());
        widen(a, VALUES, WIDE_VALUES, shape.valueDimension(), shape.wideValueBytes());
        queries(a, shape.keyDimension(), () -> {
            scores(a);
            weights(a);
            values(a);
        });
        a.pop(RBX);
    }

    /** {@code body} for every vector of {@code dimension} elements, at R8, with its state at RAX. */
    private void queries(Assembler a, int dimension, Runnable body) {
        a.load(R10, at(RDI, QUERY));
        a.load(R9, at(RDI, ROWS));
        a.load(RAX, at(RDI, STATES));
        Label row = new Label();
        Label head = new Label();
        a.place(row);
        a.mov(R8, R10);
        a.load(R11, at(RDI, GROUP));
        a.place(head);
        body.run();
        a.add(R8, Float.BYTES * dimension);
        a.add(RAX, shape.stateBytes());
        a.sub(R11, 1);
        a.jump(Condition.NOT_EQUAL, head);
        a.load(RCX, at(RDI, QUERY_STRIDE));
        a.add(R10, RCX);
        a.sub(R9, 1);
        a.jump(Condition.NOT_EQUAL, row);
    }

    /** Vectors of a head, the last of which need not be full. */
    private static int vectors(int dimension) {
        return Math.ceilDiv(dimension, LANES);
    }

    private void widen(Assembler a, int source, int target, int dimension, int wideBytes) {
        Label next = new Label();
        Label end = new Label();
        int rest = dimension % LANES;
        if (rest > 0) {
            constant(a, MASK, Avx2RowCode.mask(rest));
            constant(a, LAST, LAST_LANES + (long) Integer.BYTES * (LANES - rest));
        }
        a.load(RSI, at(RDI, source));
        a.load(RDX, at(RDI, target));
        a.load(RCX, at(RDI, WIDENED));
        a.test(RCX, RCX);
        a.jump(Condition.EQUAL, end);
        a.place(next);
        for (int i = 0; i < dimension / LANES; i++) {
            load(a, shape.format(), ymm(0), ymm(1), 0, LANES * i, LANES * i);
            a.store(VMOVUPS_STORE, at(RDX, VECTOR * i), ymm(0));
        }
        if (rest > 0) {
            // The last eight elements, of which the first were there before: nothing beyond the head is read.
            load(a, shape.format(), ymm(0), ymm(1), 0, dimension - LANES, dimension - 1);
            a.emit(VPERMD, ymm(0), LAST, ymm(0));
            a.emit(VANDPS, ymm(0), ymm(0), MASK);
            a.store(VMOVUPS_STORE, at(RDX, VECTOR * (dimension / LANES)), ymm(0));
        }
        a.add(RSI, (int) shape.format().bytes(dimension));
        a.add(RDX, wideBytes);
        a.sub(RCX, 1);
        a.jump(Condition.NOT_EQUAL, next);
        a.place(end);
    }

    /**
     * Elements {@code first} to {@code first + 7} of the head at {@code offset} behind RSI as float32.
     *
     * @param scale is spoilt
     * @param scaled one of them, to be right with all others of its block
     */
    static void load(Assembler a, CacheFormat format, Vec elements, Vec scale, int offset, int first, int scaled) {
        if (format == CacheFormat.HALF) {
            a.emit(VCVTPH2PS, elements, at(RSI, offset + Short.BYTES * first));
            return;
        }
        int start = scaled - scaled % CacheFormat.BLOCK;
        int block = offset + (int) CacheFormat.BYTES.bytes(start);
        a.emit(VPBROADCASTW, scale.x(), at(RSI, block));
        a.emit(VCVTPH2PS, scale, scale.x());
        a.emit(VPMOVSXBD, elements, at(RSI, block + Short.BYTES + first - start));
        a.emit(VCVTDQ2PS, elements, elements);
        a.emit(VMULPS, elements, elements, scale);
    }

    /** The products of the query at R8 with the keys, eight at a time, those beyond the visible ones included. */
    private void scores(Assembler a) {
        int dimension = shape.keyDimension();
        Vec query = ymm(TOGETHER);
        if (dimension % LANES > 0) {
            constant(a, MASK, Avx2RowCode.mask(dimension % LANES));
        }
        a.load(RDX, at(RDI, WIDE_KEYS));
        a.lea(RSI, at(RDI, SCORES));
        a.load(RCX, at(RDI, VISIBLE));
        Label next = new Label();
        a.align(32);
        a.place(next);
        for (int i = 0; i < vectors(dimension); i++) {
            if (i == dimension / LANES) {
                a.emit(VMASKMOVPS_LOAD, query, MASK, at(R8, VECTOR * i));
            } else {
                a.emit(VMOVUPS, query, at(R8, VECTOR * i));
            }
            for (int key = 0; key < TOGETHER; key++) {
                Mem element = at(RDX, shape.wideKeyBytes() * key + VECTOR * i);
                a.emit(i == 0 ? VMULPS : VFMADD231PS, ymm(key), query, element);
            }
        }
        for (int first = 0; first < TOGETHER; first += 4) {
            total(a, first);
            a.store(VMOVUPS_STORE, at(RSI, Float.BYTES * first), ymm(first).x());
        }
        a.add(RDX, shape.wideKeyBytes() * TOGETHER);
        a.add(RSI, Float.BYTES * TOGETHER);
        a.sub(RCX, TOGETHER);
        a.jump(Condition.GREATER, next);
    }

    /** The lanes of four registers become four numbers in the lower half of the first; spoils the others and ymm9 to 12. */
    private static void total(Assembler a, int first) {
        a.emit(VUNPCKLPS, ymm(9), ymm(first), ymm(first + 1));
        a.emit(VUNPCKHPS, ymm(10), ymm(first), ymm(first + 1));
        a.emit(VADDPS, ymm(9), ymm(9), ymm(10));
        a.emit(VUNPCKLPS, ymm(11), ymm(first + 2), ymm(first + 3));
        a.emit(VUNPCKHPS, ymm(12), ymm(first + 2), ymm(first + 3));
        a.emit(VADDPS, ymm(11), ymm(11), ymm(12));
        a.emit(VUNPCKLPD, ymm(10), ymm(9), ymm(11));
        a.emit(VUNPCKHPD, ymm(12), ymm(9), ymm(11));
        a.emit(VADDPS, ymm(10), ymm(10), ymm(12));
        a.store(VEXTRACTI128, ymm(11).x(), ymm(10), 1);
        a.emit(VADDPS, ymm(first).x(), ymm(10).x(), ymm(11).x());
    }

    /** The scores become weights under the maximum so far; ymm15 keeps what earlier weights are to be multiplied by. */
    private void weights(Assembler a) {
        Vec maximum = ymm(8);
        Vec mask = ymm(9);
        Vec sums = ymm(13);
        Vec scale = ymm(14);
        Vec correction = ymm(15);
        int parts = shape.pageTokens() / LANES;
        a.emit(VBROADCASTSS, scale, at(RDI, SCALE));
        for (int part = 0; part < parts; part++) {
            Vec score = ymm(part);
            a.emit(VMULPS, score, scale, at(RDI, SCORES + VECTOR * part));
            if (shape.capped()) {
                cap(a, score, ymm(10), ymm(11), ymm(12));
            }
            mask(a, mask, at(RDI, VISIBLE_BITS), part);
            hide(a, score, mask, ymm(10));
            if (part == 0) {
                a.emit(VMOVUPS, maximum, score);
            } else {
                a.emit(VMAXPS, maximum, maximum, score);
            }
        }
        Lanes.join(a, VMAXPS, maximum, ymm(10));
        a.emit(VBROADCASTSS, correction, at(RAX, STATE_MAXIMUM));
        a.emit(VMAXPS, maximum, maximum, correction);
        a.store(VMOVSS_STORE, at(RAX, STATE_MAXIMUM), maximum.x());
        a.emit(VSUBPS, correction, correction, maximum);
        Avx2Exponential.emit(a, RBX, correction, ymm(10), ymm(11), ymm(12));
        a.emit(VMULPS, sums, correction, at(RAX, STATE_SUMS));
        for (int part = 0; part < parts; part++) {
            Vec weight = ymm(part);
            a.emit(VSUBPS, weight, weight, maximum);
            Avx2Exponential.emit(a, RBX, weight, ymm(10), ymm(11), ymm(12));
            mask(a, mask, at(RDI, VISIBLE_BITS), part);
            a.emit(VANDPS, weight, weight, mask);
            a.emit(VADDPS, sums, sums, weight);
            a.store(VMOVUPS_STORE, at(RDI, SCORES + VECTOR * part), weight);
        }
        a.store(VMOVUPS_STORE, at(RAX, STATE_SUMS), sums);
    }

    /** {@code mask} says which of the eight positions from {@code 8 · part} on have their bits in {@code bits}; by RCX. */
    static void mask(Assembler a, Vec mask, Mem bits, int part) {
        a.mov(RCX, BITS + (long) VECTOR * (part % 4));
        a.emit(VPBROADCASTD, mask, bits.plus(Integer.BYTES * (part / 4)));
        a.emit(VPAND, mask, mask, at(RCX, 0));
        a.emit(VPCMPEQD, mask, mask, at(RCX, 0));
    }

    /** The scores outside the mask become minus infinity; by RCX. */
    static void hide(Assembler a, Vec scores, Vec mask, Vec temporary) {
        a.mov(RCX, MINUS_INFINITY);
        a.emit(VANDPS, scores, scores, mask);
        a.emit(VANDNPS, temporary, mask, at(RCX, 0));
        a.emit(VORPS, scores, scores, temporary);
    }

    /** {@code score = c − 2c / (1 + e^(2 · score / c))}, which is {@code c · tanh(score / c)}; by RCX, with the exponential's constants at RBX. */
    static void cap(Assembler a, Vec score, Vec temporary, Vec other, Vec third) {
        a.emit(VBROADCASTSS, temporary, at(RDI, TWO_BY_CAP));
        a.emit(VMULPS, score, score, temporary);
        Avx2Exponential.emit(a, RBX, score, temporary, other, third);
        constant(a, temporary, ONES);
        a.emit(VADDPS, score, score, temporary);
        a.emit(VBROADCASTSS, other, at(RDI, CAP));
        a.emit(VADDPS, temporary, other, other);
        a.emit(VDIVPS, temporary, temporary, score);
        a.emit(VSUBPS, score, other, temporary);
    }

    private static void constant(Assembler a, Vec vector, long address) {
        a.mov(RCX, address);
        a.emit(VMOVUPS, vector, at(RCX, 0));
    }

    /** The state's values times the correction, and the visible values times their weights. */
    private void values(Assembler a) {
        int vectors = vectors(shape.valueDimension());
        int passes = Math.ceilDiv(vectors, HELD);
        for (int pass = 0; pass < passes; pass++) {
            int from = vectors * pass / passes;
            values(a, from, vectors * (pass + 1) / passes - from);
        }
    }

    private void values(Assembler a, int from, int count) {
        Vec weight = ymm(HELD);
        int state = STATE_VALUES + VECTOR * from;
        for (int i = 0; i < count; i++) {
            a.emit(VMULPS, ymm(i), ymm(15), at(RAX, state + VECTOR * i));
        }
        // Hidden values may be anything, even no numbers, so that a weight of zero does not hide them.
        a.load(RDX, at(RDI, FIRST_VALUE));
        a.load(RSI, at(RDI, FIRST_WEIGHT));
        a.load(RCX, at(RDI, SEEN));
        Label next = new Label();
        a.align(32);
        a.place(next);
        a.emit(VBROADCASTSS, weight, at(RSI, 0));
        for (int i = 0; i < count; i++) {
            a.emit(VFMADD231PS, ymm(i), weight, at(RDX, VECTOR * (from + i)));
        }
        a.add(RDX, shape.wideValueBytes());
        a.add(RSI, Float.BYTES);
        a.sub(RCX, 1);
        a.jump(Condition.NOT_EQUAL, next);
        for (int i = 0; i < count; i++) {
            a.store(VMOVUPS_STORE, at(RAX, state + VECTOR * i), ymm(i));
        }
    }
}
