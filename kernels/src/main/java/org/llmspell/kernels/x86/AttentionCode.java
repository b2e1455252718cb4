package org.llmspell.kernels.x86;

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
import static org.llmspell.kernels.x86.Op.VADDPS;
import static org.llmspell.kernels.x86.Op.VBROADCASTSS;
import static org.llmspell.kernels.x86.Op.VCVTDQ2PS;
import static org.llmspell.kernels.x86.Op.VCVTPH2PS;
import static org.llmspell.kernels.x86.Op.VDIVPS;
import static org.llmspell.kernels.x86.Op.VEXTRACTI32X4;
import static org.llmspell.kernels.x86.Op.VEXTRACTI64X4;
import static org.llmspell.kernels.x86.Op.VFMADD231PS;
import static org.llmspell.kernels.x86.Op.VMAXPS;
import static org.llmspell.kernels.x86.Op.VMOVSS_STORE;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPBROADCASTW;
import static org.llmspell.kernels.x86.Op.VPMOVSXBD;
import static org.llmspell.kernels.x86.Op.VSUBPS;
import static org.llmspell.kernels.x86.Op.VUNPCKHPD;
import static org.llmspell.kernels.x86.Op.VUNPCKHPS;
import static org.llmspell.kernels.x86.Op.VUNPCKLPD;
import static org.llmspell.kernels.x86.Op.VUNPCKLPS;
import static org.llmspell.kernels.x86.Vec.zmm;

import org.llmspell.kernels.CacheFormat;
import org.llmspell.kernels.x86.Assembler.Condition;
import org.llmspell.kernels.x86.Assembler.Label;

/**
 * The code of attention over one page of keys and values, for heads of one size and format: widens the page to float32, then takes each
 * query vector through scores, online softmax (Milakov and Gimelshein 2018) and the sum of values. A query vector's state
 * between pages is a record: 16 partial sums of the softmax's denominator, the maximum so far, then from byte 128 the sum of
 * values. Widened heads and sums are filled up with zeros to whole vectors.
 *
 * @param keyDimension elements of a query, up to {@link #LARGEST_HEAD}
 * @param valueDimension elements of a value, likewise
 * @param pageTokens positions of a page: 16, 32, 48 or 64
 * @param format of the cached heads
 * @param capped scores go through {@code c · tanh(score / c)}
 */
record AttentionCode(int keyDimension, int valueDimension, int pageTokens, CacheFormat format, boolean capped) {
    static final int LARGEST_HEAD = 1024;
    static final int LARGEST_PAGE = 64;

    static final int STATE_SUMS = 0;
    static final int STATE_MAXIMUM = 64;
    static final int STATE_VALUES = 128;

    /** Where the arguments stand in the block: the page's keys and values for this head. */
    static final int KEYS = 0;

    static final int VALUES = 8;
    /** Positions to widen: up to the last visible one, or 0 for a page that is widened already. */
    static final int WIDENED = 16;

    static final int WIDE_KEYS = 32;
    static final int WIDE_VALUES = 40;
    /** The first row's query vectors, bytes from a row's to the next, rows, vectors of a row. */
    static final int QUERY = 48;

    static final int QUERY_STRIDE = 56;
    static final int ROWS = 64;
    static final int GROUP = 72;
    static final int STATES = 80;
    /** Positions of the page from its start to the last visible one, and a bit for each that the rows see. */
    static final int VISIBLE = 88;

    static final int VISIBLE_BITS = 96;
    static final int SCALE = 104;
    /** The cap c and 2/c, where there is one. */
    static final int CAP = 108;

    static final int TWO_BY_CAP = 112;
    /** Where the first visible position's widened values and weight are, and how many are visible from there. */
    static final int FIRST_VALUE = 120;

    static final int FIRST_WEIGHT = 128;
    static final int SEEN = 136;
    static final int SCORES = 192;
    static final int ARGUMENT_BYTES = SCORES + 4 * LARGEST_PAGE + 64;

    private static final int TOGETHER = 4;
    private static final long MINUS_INFINITY = Constants.ints(i -> Float.floatToRawIntBits(Float.NEGATIVE_INFINITY));
    private static final long ONES = Constants.ints(i -> Float.floatToRawIntBits(1));

    /** Registers 16 to 31 hold a query, then the sums of values; at most 8 of them leave room for a second set. */
    private static final int HELD = 16;

    /** What does not fit the registers at once is taken in turns of so many vectors. */
    private static final int MOST_HELD = 16;

    /** Masks 1 to 4 are the visible positions; these are of a head's last vector. */
    private static final int KEY_TAIL = 5;

    private static final int VALUE_TAIL = 6;

    static boolean possible(int keyDimension, int valueDimension, int pageTokens) {
        return fits(keyDimension) && fits(valueDimension) && pageTokens % 16 == 0 && pageTokens <= LARGEST_PAGE;
    }

    private static boolean fits(int dimension) {
        return dimension > 0 && dimension <= LARGEST_HEAD;
    }

    int stateBytes() {
        return STATE_VALUES + wideValueBytes();
    }

    /** Bytes of a widened key. */
    int wideKeyBytes() {
        return 64 * vectors(keyDimension);
    }

    /** Bytes of a widened value. */
    int wideValueBytes() {
        return 64 * vectors(valueDimension);
    }

    private static int vectors(int dimension) {
        return Math.ceilDiv(dimension, 16);
    }

    /** Which lanes of vector {@code i} of a head there are. */
    private static Mask lanes(int i, int dimension, int tail) {
        return 16 * (i + 1) <= dimension ? Mask.NONE : Mask.zeroing(tail);
    }

    private void tails(Assembler a) {
        a.mov(RAX, (1L << keyDimension % 16) - 1);
        a.kmovd(KEY_TAIL, RAX);
        a.mov(RAX, (1L << valueDimension % 16) - 1);
        a.kmovd(VALUE_TAIL, RAX);
    }

    /** Takes one page into account. */
    Routine page() {
        return Routine.of(this::write);
    }

    /** Divides: {@link #QUERY} and its stride say where the results go instead, rows, group and states are as before. */
    Routine finish() {
        return Routine.of(this::writeFinish);
    }

    private void writeFinish(Assembler a) {
        tails(a);
        a.load(R10, at(RDI, QUERY));
        a.load(R9, at(RDI, ROWS));
        a.load(RAX, at(RDI, STATES));
        Label row = new Label();
        Label head = new Label();
        a.place(row);
        a.mov(R8, R10);
        a.load(R11, at(RDI, GROUP));
        a.place(head);
        Vec sum = zmm(0);
        Vec other = zmm(1);
        a.emit(VMOVUPS, sum, at(RAX, STATE_SUMS));
        Lanes.join(a, VADDPS, sum, other);
        constant(a, other, ONES);
        a.emit(VDIVPS, other, other, sum);
        for (int i = 0; i < vectors(valueDimension); i++) {
            a.emit(VMULPS, sum, other, at(RAX, STATE_VALUES + 64 * i));
            Mask lanes = lanes(i, valueDimension, VALUE_TAIL);
            a.store(VMOVUPS_STORE, at(R8, 64 * i), sum, lanes.number() == 0 ? lanes : Mask.merging(lanes.number()), 0);
        }
        a.add(R8, 4 * valueDimension);
        a.add(RAX, stateBytes());
        a.sub(R11, 1);
        a.jump(Condition.NOT_EQUAL, head);
        a.load(RCX, at(RDI, QUERY_STRIDE));
        a.add(R10, RCX);
        a.sub(R9, 1);
        a.jump(Condition.NOT_EQUAL, row);
    }

    private void write(Assembler a) {
        a.push(RBX);
        tails(a);
        widen(a, KEYS, WIDE_KEYS, keyDimension, KEY_TAIL);
        widen(a, VALUES, WIDE_VALUES, valueDimension, VALUE_TAIL);
        for (int part = 0; part < parts(); part++) {
            a.load32(RAX, at(RDI, VISIBLE_BITS + 2 * part));
            a.kmovd(1 + part, RAX);
        }
        a.load(R10, at(RDI, QUERY));
        a.load(R9, at(RDI, ROWS));
        a.load(RAX, at(RDI, STATES));
        Label row = new Label();
        Label head = new Label();
        a.place(row);
        a.mov(R8, R10);
        a.load(R11, at(RDI, GROUP));
        a.place(head);
        scores(a);
        weights(a);
        values(a);
        a.add(R8, 4 * keyDimension);
        a.add(RAX, stateBytes());
        a.sub(R11, 1);
        a.jump(Condition.NOT_EQUAL, head);
        a.load(RCX, at(RDI, QUERY_STRIDE));
        a.add(R10, RCX);
        a.sub(R9, 1);
        a.jump(Condition.NOT_EQUAL, row);
        a.pop(RBX);
    }

    private int parts() {
        return pageTokens / 16;
    }

    private void widen(Assembler a, int source, int target, int dimension, int tail) {
        Label next = new Label();
        Label end = new Label();
        a.load(RSI, at(RDI, source));
        a.load(RDX, at(RDI, target));
        a.load(RCX, at(RDI, WIDENED));
        a.test(RCX, RCX);
        a.jump(Condition.EQUAL, end);
        a.place(next);
        for (int i = 0; i < vectors(dimension); i++) {
            load(a, format, zmm(0), zmm(1), 0, 16 * i, lanes(i, dimension, tail));
            a.store(VMOVUPS_STORE, at(RDX, 64 * i), zmm(0));
        }
        a.add(RSI, (int) format.bytes(dimension));
        a.add(RDX, 64 * vectors(dimension));
        a.sub(RCX, 1);
        a.jump(Condition.NOT_EQUAL, next);
        a.place(end);
    }

    /**
     * Elements {@code first} to {@code first + 15} of the head at {@code offset} behind RSI as float32.
     *
     * @param scale keeps the scale of the block that they are in, if there is one
     * @param lanes those that there are; the others become zero
     */
    static void load(Assembler a, CacheFormat format, Vec elements, Vec scale, int offset, int first, Mask lanes) {
        if (format == CacheFormat.HALF) {
            a.emit(VCVTPH2PS, elements, at(RSI, offset + Short.BYTES * first), lanes);
            return;
        }
        int inBlock = first % CacheFormat.BLOCK;
        int block = offset + (int) CacheFormat.BYTES.bytes(first - inBlock);
        a.emit(VPBROADCASTW, scale.y(), at(RSI, block));
        a.emit(VCVTPH2PS, scale, scale.y());
        a.emit(VPMOVSXBD, elements, at(RSI, block + Short.BYTES + inBlock), lanes);
        a.emit(VCVTDQ2PS, elements, elements);
        a.emit(VMULPS, elements, elements, scale, lanes, 0);
    }

    /** The products of the query at R8 with the keys, four at a time, those beyond the visible ones included. */
    private void scores(Assembler a) {
        int vectors = vectors(keyDimension);
        for (int from = 0; from < vectors; from += MOST_HELD) {
            scores(a, from, Math.min(vectors, from + MOST_HELD));
        }
    }

    /** The same for some vectors of the heads, added to what earlier ones gave. */
    private void scores(Assembler a, int from, int to) {
        for (int i = from; i < to; i++) {
            a.emit(VMOVUPS, zmm(HELD + i - from), at(R8, 64 * i), lanes(i, keyDimension, KEY_TAIL));
        }
        a.load(RDX, at(RDI, WIDE_KEYS));
        a.lea(RSI, at(RDI, SCORES));
        a.load(RCX, at(RDI, VISIBLE));
        Label next = new Label();
        a.align(32);
        a.place(next);
        for (int i = from; i < to; i++) {
            for (int key = 0; key < TOGETHER; key++) {
                Mem element = at(RDX, wideKeyBytes() * key + 64 * i);
                a.emit(i == from ? VMULPS : VFMADD231PS, zmm(key), zmm(HELD + i - from), element);
            }
        }
        a.emit(VUNPCKLPS, zmm(4), zmm(0), zmm(1));
        a.emit(VUNPCKHPS, zmm(5), zmm(0), zmm(1));
        a.emit(VADDPS, zmm(4), zmm(4), zmm(5));
        a.emit(VUNPCKLPS, zmm(6), zmm(2), zmm(3));
        a.emit(VUNPCKHPS, zmm(7), zmm(2), zmm(3));
        a.emit(VADDPS, zmm(6), zmm(6), zmm(7));
        a.emit(VUNPCKLPD, zmm(5), zmm(4), zmm(6));
        a.emit(VUNPCKHPD, zmm(7), zmm(4), zmm(6));
        a.emit(VADDPS, zmm(5), zmm(5), zmm(7));
        a.store(VEXTRACTI64X4, zmm(6).y(), zmm(5), 1);
        a.emit(VADDPS, zmm(5).y(), zmm(5).y(), zmm(6).y());
        a.store(VEXTRACTI32X4, zmm(6).x(), zmm(5).y(), 1);
        a.emit(VADDPS, zmm(5).x(), zmm(5).x(), zmm(6).x());
        if (from > 0) {
            a.emit(VADDPS, zmm(5).x(), zmm(5).x(), at(RSI, 0));
        }
        a.store(VMOVUPS_STORE, at(RSI, 0), zmm(5).x());
        a.add(RDX, wideKeyBytes() * TOGETHER);
        a.add(RSI, 4 * TOGETHER);
        a.sub(RCX, TOGETHER);
        a.jump(Condition.GREATER, next);
    }

    /** The scores become weights under the maximum so far; zmm8 keeps what earlier weights are to be multiplied by. */
    private void weights(Assembler a) {
        Vec correction = zmm(8);
        Vec maximum = zmm(9);
        Vec first = zmm(10);
        Vec second = zmm(11);
        Exponential.prepare(a, RBX);
        for (int part = 0; part < parts(); part++) {
            a.emit(VMOVUPS, first, at(RDI, SCORES + 64 * part));
            a.emit(VMULPS, first, first, at(RDI, SCALE).repeated());
            if (capped) {
                cap(a, first, second, zmm(12));
            }
            constant(a, zmm(part), MINUS_INFINITY);
            a.emit(VMOVUPS, zmm(part), first, Mask.merging(1 + part));
            if (part == 0) {
                a.emit(VMOVUPS, maximum, zmm(0));
            } else {
                a.emit(VMAXPS, maximum, maximum, zmm(part));
            }
        }
        Lanes.join(a, VMAXPS, maximum, first);
        a.emit(VBROADCASTSS, correction, at(RAX, STATE_MAXIMUM));
        a.emit(VMAXPS, maximum, maximum, correction);
        a.store(VMOVSS_STORE, at(RAX, STATE_MAXIMUM), maximum.x());
        a.emit(VSUBPS, correction, correction, maximum);
        Exponential.emit(a, RBX, correction, first, second);
        Vec sums = zmm(12);
        a.emit(VMULPS, sums, correction, at(RAX, STATE_SUMS));
        for (int part = 0; part < parts(); part++) {
            Vec weight = zmm(part);
            a.emit(VSUBPS, weight, weight, maximum);
            Exponential.emit(a, RBX, weight, first, second);
            a.emit(VMOVUPS, weight, weight, Mask.zeroing(1 + part));
            a.emit(VADDPS, sums, sums, weight);
            a.store(VMOVUPS_STORE, at(RDI, SCORES + 64 * part), weight);
        }
        a.store(VMOVUPS_STORE, at(RAX, STATE_SUMS), sums);
    }

    /** {@code score = c − 2c / (1 + e^(2 · score / c))}, which is {@code c · tanh(score / c)}. */
    static void cap(Assembler a, Vec score, Vec temporary, Vec other) {
        a.emit(VMULPS, score, score, at(RDI, TWO_BY_CAP).repeated());
        Exponential.emit(a, RBX, score, temporary, other);
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
        int vectors = vectors(valueDimension);
        for (int from = 0; from < vectors; from += MOST_HELD) {
            values(a, from, Math.min(MOST_HELD, vectors - from));
        }
    }

    /** The same for some vectors of the heads. */
    private void values(Assembler a, int from, int vectors) {
        boolean twoSets = vectors <= 8;
        for (int i = 0; i < vectors; i++) {
            a.emit(VMULPS, zmm(HELD + i), zmm(8), at(RAX, STATE_VALUES + 64 * (from + i)));
            if (twoSets) {
                Vec other = zmm(HELD + 8 + i);
                a.emit(Op.VPXORD, other, other, other);
            }
        }
        // Hidden values may be anything, even no numbers, so that a weight of zero does not hide them.
        a.load(RDX, at(RDI, FIRST_VALUE));
        a.load(RSI, at(RDI, FIRST_WEIGHT));
        a.load(RCX, at(RDI, SEEN));
        Label single = new Label();
        Label pair = new Label();
        Label end = new Label();
        if (twoSets) {
            // Two positions at a time into sums of their own, since each sum waits for its last addition.
            a.sub(RCX, 2);
            a.jump(Condition.LESS, single);
            a.place(pair);
            add(a, 0, HELD, 64 * from, vectors);
            add(a, 4, HELD + 8, wideValueBytes() + 64 * from, vectors);
            a.add(RDX, 2 * wideValueBytes());
            a.add(RSI, 8);
            a.sub(RCX, 2);
            a.jump(Condition.GREATER_OR_EQUAL, pair);
            a.place(single);
            a.add(RCX, 2);
            a.jump(Condition.EQUAL, end);
            add(a, 0, HELD, 64 * from, vectors);
            a.place(end);
            for (int i = 0; i < vectors; i++) {
                a.emit(VADDPS, zmm(HELD + i), zmm(HELD + i), zmm(HELD + 8 + i));
            }
        } else {
            a.place(single);
            add(a, 0, HELD, 64 * from, vectors);
            a.add(RDX, wideValueBytes());
            a.add(RSI, 4);
            a.sub(RCX, 1);
            a.jump(Condition.NOT_EQUAL, single);
        }
        for (int i = 0; i < vectors; i++) {
            a.store(VMOVUPS_STORE, at(RAX, STATE_VALUES + 64 * (from + i)), zmm(HELD + i));
        }
    }

    private static void add(Assembler a, int weight, int sums, int value, int vectors) {
        a.emit(VBROADCASTSS, zmm(0), at(RSI, weight));
        for (int i = 0; i < vectors; i++) {
            a.emit(VFMADD231PS, zmm(sums + i), zmm(0), at(RDX, value + 64 * i));
        }
    }
}
