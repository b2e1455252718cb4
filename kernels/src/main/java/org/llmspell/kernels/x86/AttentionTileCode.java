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
import static org.llmspell.kernels.x86.Op.VFMADD231PS;
import static org.llmspell.kernels.x86.Op.VMAXPS;
import static org.llmspell.kernels.x86.Op.VMOVSS_STORE;
import static org.llmspell.kernels.x86.Op.VMOVUPS;
import static org.llmspell.kernels.x86.Op.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.Op.VMULPS;
import static org.llmspell.kernels.x86.Op.VPXORD;
import static org.llmspell.kernels.x86.Op.VSUBPS;
import static org.llmspell.kernels.x86.Vec.zmm;

import org.llmspell.kernels.CacheFormat;
import org.llmspell.kernels.x86.Assembler.Condition;
import org.llmspell.kernels.x86.Assembler.Label;

/**
 * The code of attention of many query vectors over {@value #KEYS} positions at a time: keys are widened and turned so that a position
 * is a lane, then {@value #QUERIES} query vectors go through scores, online softmax and the sum of values together, each
 * number of a key or value being loaded once for all of them and each sum staying in a register. States are those of
 * {@link AttentionCode}, which begins and ends them; a query vector's result does not depend on the others.
 *
 * <p>Hidden positions get a weight of zero, which hides values only if they are numbers: {@link #widen} says whether all are.
 *
 * @param keyDimension elements of a query, a multiple of 16 up to 256
 * @param valueDimension elements of a value, likewise
 * @param format of keys and values
 * @param capped scores go through {@code c · tanh(score / c)}
 */
record AttentionTileCode(int keyDimension, int valueDimension, CacheFormat format, boolean capped) {
    /** Positions taken at a time. */
    static final int KEYS = 32;

    /** Query vectors of a tile. */
    static final int QUERIES = 8;

    /** Where the arguments stand in the block, besides some of {@link AttentionCode}'s: the positions' keys and values. */
    static final int STORED_KEYS = AttentionCode.ARGUMENT_BYTES;

    static final int STORED_VALUES = STORED_KEYS + 8;
    /** Positions from the first to the last that any query vector sees, at least one. */
    static final int SEEN = STORED_KEYS + 16;
    /** f32 {@code [keyDimension][32]}. */
    static final int TURNED_KEYS = STORED_KEYS + 24;
    /** f32 {@code [32][valueDimension]}. */
    static final int WIDE_VALUES = STORED_KEYS + 32;
    /** Set by {@link #widen}: a zero if all values are numbers, else none. */
    static final int FINITE = STORED_KEYS + 40;
    /** The first tile's query vectors, multiplied by the scale, one after the other. */
    static final int SCALED_QUERIES = STORED_KEYS + 48;

    static final int STATES = STORED_KEYS + 56;
    /** A bit for each position that a query vector sees: 32 bits for each, and 16 bits of room after the last. */
    static final int VISIBLE = STORED_KEYS + 64;

    static final int TILES = STORED_KEYS + 72;
    /** Room for {@link #QUERIES} times {@link #KEYS} weights. */
    static final int WEIGHTS = STORED_KEYS + 80;
    /** For {@link #scaleQueries}: vectors of 16 in a row; the rest is in {@link AttentionCode}'s arguments. */
    static final int ROW_VECTORS = STORED_KEYS + 88;

    /** For the code's own use. */
    static final int CORRECTIONS = STORED_KEYS + 96;

    static final int ARGUMENT_BYTES = CORRECTIONS + 4 * QUERIES;

    private static final int LINE = 64;
    /** Bytes of an element of all keys. */
    static final int KEY_BYTES = Float.BYTES * KEYS;

    private static final long MINUS_INFINITY = Constants.ints(i -> Float.floatToRawIntBits(Float.NEGATIVE_INFINITY));

    /** Whether heads of these sizes and pages of {@code pageTokens} positions can be taken so. */
    static boolean possible(int keyDimension, int valueDimension, int pageTokens) {
        return keyDimension % 16 == 0 && valueDimension % 16 == 0 && pageTokens % KEYS == 0;
    }

    /** Bytes of a state, as {@link AttentionCode#stateBytes} has it. */
    int stateBytes() {
        return AttentionCode.stateBytes(valueDimension);
    }

    /** Multiplies the rows' query vectors by the scale and puts them one after the other. */
    static Routine scaleQueries() {
        return Routine.of(a -> {
            a.load(RSI, at(RDI, AttentionCode.QUERY));
            a.load(R8, at(RDI, AttentionCode.QUERY_STRIDE));
            a.load(R9, at(RDI, AttentionCode.ROWS));
            a.load(RDX, at(RDI, SCALED_QUERIES));
            Label row = new Label();
            Label vector = new Label();
            a.emit(VBROADCASTSS, zmm(1), at(RDI, AttentionCode.SCALE));
            a.place(row);
            a.mov(RAX, RSI);
            a.load(RCX, at(RDI, ROW_VECTORS));
            a.place(vector);
            a.emit(VMULPS, zmm(0), zmm(1), at(RAX, 0));
            a.store(VMOVUPS_STORE, at(RDX, 0), zmm(0));
            a.add(RAX, LINE);
            a.add(RDX, LINE);
            a.sub(RCX, 1);
            a.jump(Condition.NOT_EQUAL, vector);
            a.add(RSI, R8);
            a.sub(R9, 1);
            a.jump(Condition.NOT_EQUAL, row);
        });
    }

    /** Widens and turns keys, and widens values. */
    Routine widen() {
        return Routine.of(a -> {
            turnKeys(a);
            widenValues(a);
        });
    }

    /** Takes the positions into account. */
    Routine tiles() {
        return Routine.of(this::writeTiles);
    }

    private void turnKeys(Assembler a) {
        a.load(RSI, at(RDI, STORED_KEYS));
        a.load(RDX, at(RDI, TURNED_KEYS));
        for (int first = 0; first < keyDimension; first += 16) {
            for (int half = 0; half < KEYS / 16; half++) {
                for (int key = 0; key < 16; key++) {
                    int head = (int) format.bytes(keyDimension) * (16 * half + key);
                    AttentionCode.load(a, format, zmm(key), zmm(16), head, first, Mask.NONE);
                }
                Transposition.write(a);
                for (int element = 0; element < 16; element++) {
                    a.store(VMOVUPS_STORE, at(RDX, KEY_BYTES * (first + element) + LINE * half), zmm(element));
                }
            }
        }
    }

    private void widenValues(Assembler a) {
        Vec value = zmm(0);
        Vec zero = zmm(1);
        Vec found = zmm(2);
        a.emit(VPXORD, zero, zero, zero);
        a.emit(VPXORD, found, found, found);
        a.load(RSI, at(RDI, STORED_VALUES));
        a.load(RDX, at(RDI, WIDE_VALUES));
        a.load(RCX, at(RDI, SEEN));
        Label next = new Label();
        a.place(next);
        for (int i = 0; i < valueDimension / 16; i++) {
            AttentionCode.load(a, format, value, zmm(3), 0, 16 * i, Mask.NONE);
            a.store(VMOVUPS_STORE, at(RDX, LINE * i), value);
            // Infinity times zero is no number.
            a.emit(VFMADD231PS, found, value, zero);
        }
        a.add(RSI, (int) format.bytes(valueDimension));
        a.add(RDX, LINE * valueDimension / 16);
        a.sub(RCX, 1);
        a.jump(Condition.NOT_EQUAL, next);
        Lanes.join(a, VADDPS, found, value);
        a.store(VMOVSS_STORE, at(RDI, FINITE), found.x());
    }

    private void writeTiles(Assembler a) {
        a.push(RBX);
        Exponential.prepare(a, RBX);
        a.load(RDX, at(RDI, SCALED_QUERIES));
        a.load(RAX, at(RDI, STATES));
        a.load(R8, at(RDI, VISIBLE));
        a.load(R9, at(RDI, TILES));
        a.load(R10, at(RDI, WEIGHTS));
        Label tile = new Label();
        a.place(tile);
        scores(a);
        for (int query = 0; query < QUERIES; query++) {
            weights(a, query);
        }
        for (int first = 0; first < valueDimension / 16; first += 2) {
            values(a, first, Math.min(2, valueDimension / 16 - first));
        }
        a.add(RDX, QUERIES * Float.BYTES * keyDimension);
        a.add(RAX, QUERIES * stateBytes());
        a.add(R8, QUERIES * Integer.BYTES);
        a.sub(R9, 1);
        a.jump(Condition.NOT_EQUAL, tile);
        a.pop(RBX);
    }

    /** Registers 2q and 2q + 1 become the scores of query vector q. */
    private void scores(Assembler a) {
        a.load(RSI, at(RDI, TURNED_KEYS));
        a.mov(RCX, 0);
        for (int sum = 0; sum < 2 * QUERIES; sum++) {
            a.emit(VPXORD, zmm(sum), zmm(sum), zmm(sum));
        }
        Vec element = zmm(18);
        int together = 4;
        Label next = new Label();
        a.align(32);
        a.place(next);
        for (int i = 0; i < together; i++) {
            a.emit(VMOVUPS, zmm(16), at(RSI, KEY_BYTES * i));
            a.emit(VMOVUPS, zmm(17), at(RSI, KEY_BYTES * i + LINE));
            for (int query = 0; query < QUERIES; query++) {
                a.emit(VBROADCASTSS, element, at(RDX, RCX, 1, Float.BYTES * (keyDimension * query + i)));
                a.emit(VFMADD231PS, zmm(2 * query), element, zmm(16));
                a.emit(VFMADD231PS, zmm(2 * query + 1), element, zmm(17));
            }
        }
        a.add(RSI, together * KEY_BYTES);
        a.add(RCX, together * Float.BYTES);
        a.cmp(RCX, Float.BYTES * keyDimension);
        a.jump(Condition.NOT_EQUAL, next);
    }

    /** The scores of one query vector become weights under the maximum so far. */
    private void weights(Assembler a, int query) {
        Vec[] weights = {zmm(2 * query), zmm(2 * query + 1)};
        Vec maximum = zmm(16);
        Vec correction = zmm(17);
        Vec sums = zmm(18);
        Vec first = zmm(19);
        Vec second = zmm(20);
        Vec[] visible = {zmm(21), zmm(22)};
        int state = query * stateBytes();
        for (int half = 0; half < 2; half++) {
            a.load32(R11, at(R8, Integer.BYTES * query + 2 * half));
            a.kmovd(1 + half, R11);
            if (capped) {
                AttentionCode.cap(a, weights[half], first, second);
            }
            a.mov(RCX, MINUS_INFINITY);
            a.emit(VMOVUPS, visible[half], at(RCX, 0));
            a.emit(VMOVUPS, visible[half], weights[half], Mask.merging(1 + half));
        }
        a.emit(VMAXPS, maximum, visible[0], visible[1]);
        Lanes.join(a, VMAXPS, maximum, first);
        a.emit(VBROADCASTSS, correction, at(RAX, state + AttentionCode.STATE_MAXIMUM));
        a.emit(VMAXPS, maximum, maximum, correction);
        a.store(VMOVSS_STORE, at(RAX, state + AttentionCode.STATE_MAXIMUM), maximum.x());
        a.emit(VSUBPS, correction, correction, maximum);
        Exponential.emit(a, RBX, correction, first, second);
        a.store(VMOVSS_STORE, at(RDI, CORRECTIONS + Float.BYTES * query), correction.x());
        a.emit(VMULPS, sums, correction, at(RAX, state + AttentionCode.STATE_SUMS));
        for (int half = 0; half < 2; half++) {
            Vec weight = visible[half];
            a.emit(VSUBPS, weight, weight, maximum);
            Exponential.emit(a, RBX, weight, first, second);
            a.emit(VMOVUPS, weight, weight, Mask.zeroing(1 + half));
            a.emit(VADDPS, sums, sums, weight);
            a.store(VMOVUPS_STORE, at(R10, KEY_BYTES * query + LINE * half), weight);
        }
        a.store(VMOVUPS_STORE, at(RAX, state + AttentionCode.STATE_SUMS), sums);
    }

    /** {@code count} vectors of the states' values, from number {@code first} on, times the correction and with what the positions add. */
    private void values(Assembler a, int first, int count) {
        Vec factor = zmm(18);
        for (int query = 0; query < QUERIES; query++) {
            a.emit(VBROADCASTSS, factor, at(RDI, CORRECTIONS + Float.BYTES * query));
            for (int i = 0; i < count; i++) {
                a.emit(VMULPS, zmm(2 * query + i), factor, stateValues(query, first + i));
            }
        }
        a.load(RSI, at(RDI, WIDE_VALUES));
        a.load(R11, at(RDI, SEEN));
        a.mov(RCX, 0);
        Label next = new Label();
        a.align(32);
        a.place(next);
        for (int i = 0; i < count; i++) {
            a.emit(VMOVUPS, zmm(16 + i), at(RSI, LINE * (first + i)));
        }
        for (int query = 0; query < QUERIES; query++) {
            a.emit(VBROADCASTSS, factor, at(R10, RCX, 4, KEY_BYTES * query));
            for (int i = 0; i < count; i++) {
                a.emit(VFMADD231PS, zmm(2 * query + i), factor, zmm(16 + i));
            }
        }
        a.add(RSI, Float.BYTES * valueDimension);
        a.add(RCX, 1);
        a.cmp(RCX, R11);
        a.jump(Condition.NOT_EQUAL, next);
        for (int query = 0; query < QUERIES; query++) {
            for (int i = 0; i < count; i++) {
                a.store(VMOVUPS_STORE, stateValues(query, first + i), zmm(2 * query + i));
            }
        }
    }

    private Mem stateValues(int query, int vector) {
        return at(RAX, query * stateBytes() + AttentionCode.STATE_VALUES + LINE * vector);
    }
}
