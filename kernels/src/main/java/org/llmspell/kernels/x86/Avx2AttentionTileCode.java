package org.llmspell.kernels.x86;

import static org.llmspell.kernels.x86.AttentionCode.STATE_MAXIMUM;
import static org.llmspell.kernels.x86.AttentionCode.STATE_SUMS;
import static org.llmspell.kernels.x86.AttentionCode.STATE_VALUES;
import static org.llmspell.kernels.x86.AttentionTileCode.CORRECTIONS;
import static org.llmspell.kernels.x86.AttentionTileCode.FINITE;
import static org.llmspell.kernels.x86.AttentionTileCode.KEYS;
import static org.llmspell.kernels.x86.AttentionTileCode.KEY_BYTES;
import static org.llmspell.kernels.x86.AttentionTileCode.ROW_VECTORS;
import static org.llmspell.kernels.x86.AttentionTileCode.SCALED_QUERIES;
import static org.llmspell.kernels.x86.AttentionTileCode.SEEN;
import static org.llmspell.kernels.x86.AttentionTileCode.STATES;
import static org.llmspell.kernels.x86.AttentionTileCode.STORED_KEYS;
import static org.llmspell.kernels.x86.AttentionTileCode.STORED_VALUES;
import static org.llmspell.kernels.x86.AttentionTileCode.TILES;
import static org.llmspell.kernels.x86.AttentionTileCode.TURNED_KEYS;
import static org.llmspell.kernels.x86.AttentionTileCode.VISIBLE;
import static org.llmspell.kernels.x86.AttentionTileCode.WEIGHTS;
import static org.llmspell.kernels.x86.AttentionTileCode.WIDE_VALUES;
import static org.llmspell.kernels.x86.Avx2AttentionCode.LANES;
import static org.llmspell.kernels.x86.Avx2AttentionCode.VECTOR;
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
import static org.llmspell.kernels.x86.VexOp.VANDPS;
import static org.llmspell.kernels.x86.VexOp.VBROADCASTSS;
import static org.llmspell.kernels.x86.VexOp.VFMADD231PS;
import static org.llmspell.kernels.x86.VexOp.VMAXPS;
import static org.llmspell.kernels.x86.VexOp.VMOVSS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS;
import static org.llmspell.kernels.x86.VexOp.VMOVUPS_STORE;
import static org.llmspell.kernels.x86.VexOp.VMULPS;
import static org.llmspell.kernels.x86.VexOp.VPXOR;
import static org.llmspell.kernels.x86.VexOp.VSUBPS;

import org.llmspell.kernels.x86.Assembler.Condition;
import org.llmspell.kernels.x86.Assembler.Label;

/**
 * {@link AttentionTileCode} in AVX2, with the same arguments: {@value #QUERIES} query vectors by 16 positions, then by 16 elements of
 * the values, are the sums that registers hold.
 *
 * @param shape its dimensions being multiples of 8
 */
record Avx2AttentionTileCode(AttentionTileCode shape) {
    /** Query vectors of a tile. */
    static final int QUERIES = 6;

    private static final Vec FACTOR = ymm(14);

    /** Whether heads of these sizes and pages of {@code pageTokens} positions can be taken so. */
    static boolean possible(int keyDimension, int valueDimension, int pageTokens) {
        return keyDimension % LANES == 0 && valueDimension % LANES == 0 && pageTokens % KEYS == 0;
    }

    /** As {@link AttentionTileCode#scaleQueries}, by vectors of 8. */
    static Routine scaleQueries() {
        return Routine.of(a -> {
            a.load(RSI, at(RDI, AttentionCode.QUERY));
            a.load(R8, at(RDI, AttentionCode.QUERY_STRIDE));
            a.load(R9, at(RDI, AttentionCode.ROWS));
            a.load(RDX, at(RDI, SCALED_QUERIES));
            Label row = new Label();
            Label vector = new Label();
            a.emit(VBROADCASTSS, ymm(1), at(RDI, AttentionCode.SCALE));
            a.place(row);
            a.mov(RAX, RSI);
            a.load(RCX, at(RDI, ROW_VECTORS));
            a.place(vector);
            a.emit(VMULPS, ymm(0), ymm(1), at(RAX, 0));
            a.store(VMOVUPS_STORE, at(RDX, 0), ymm(0));
            a.add(RAX, VECTOR);
            a.add(RDX, VECTOR);
            a.sub(RCX, 1);
            a.jump(Condition.NOT_EQUAL, vector);
            a.add(RSI, R8);
            a.sub(R9, 1);
            a.jump(Condition.NOT_EQUAL, row);
        });
    }

    /** As {@link AttentionTileCode#widen}. */
    Routine widen() {
        return Routine.of(a -> {
            turnKeys(a);
            widenValues(a);
        });
    }

    /** As {@link AttentionTileCode#tiles}. */
    Routine tiles() {
        return Routine.of(this::writeTiles);
    }

    private void turnKeys(Assembler a) {
        int dimension = shape.keyDimension();
        int headBytes = (int) shape.format().bytes(dimension);
        a.load(RSI, at(RDI, STORED_KEYS));
        a.load(RDX, at(RDI, TURNED_KEYS));
        a.mov(RCX, KEYS / LANES);
        Label next = new Label();
        a.place(next);
        for (int first = 0; first < dimension; first += LANES) {
            for (int key = 0; key < LANES; key++) {
                Avx2AttentionCode.load(a, shape.format(), ymm(key), ymm(LANES), headBytes * key, first, first);
            }
            Avx2Transposition.square(a);
            for (int element = 0; element < LANES; element++) {
                Vec column = ymm(Avx2Transposition.COLUMNS + element);
                a.store(VMOVUPS_STORE, at(RDX, KEY_BYTES * (first + element)), column);
            }
        }
        a.add(RSI, LANES * headBytes);
        a.add(RDX, VECTOR);
        a.sub(RCX, 1);
        a.jump(Condition.NOT_EQUAL, next);
    }

    private void widenValues(Assembler a) {
        int dimension = shape.valueDimension();
        Vec value = ymm(0);
        Vec zero = ymm(1);
        Vec found = ymm(2);
        a.emit(VPXOR, zero, zero, zero);
        a.emit(VPXOR, found, found, found);
        a.load(RSI, at(RDI, STORED_VALUES));
        a.load(RDX, at(RDI, WIDE_VALUES));
        a.load(RCX, at(RDI, SEEN));
        Label next = new Label();
        a.place(next);
        for (int i = 0; i < dimension / LANES; i++) {
            Avx2AttentionCode.load(a, shape.format(), value, ymm(3), 0, LANES * i, LANES * i);
            a.store(VMOVUPS_STORE, at(RDX, VECTOR * i), value);
            // Infinity times zero is no number.
            a.emit(VFMADD231PS, found, value, zero);
        }
        a.add(RSI, (int) shape.format().bytes(dimension));
        a.add(RDX, Float.BYTES * dimension);
        a.sub(RCX, 1);
        a.jump(Condition.NOT_EQUAL, next);
        Lanes.join(a, VADDPS, found, value);
        a.store(VMOVSS_STORE, at(RDI, FINITE), found.x());
    }

    private void writeTiles(Assembler a) {
        a.push(RBX);
        Avx2Exponential.prepare(a, RBX);
        a.load(RDX, at(RDI, SCALED_QUERIES));
        a.load(RAX, at(RDI, STATES));
        a.load(R8, at(RDI, VISIBLE));
        a.load(R9, at(RDI, TILES));
        a.load(R10, at(RDI, WEIGHTS));
        Label tile = new Label();
        a.place(tile);
        for (int half = 0; half < 2; half++) {
            scores(a, 2 * VECTOR * half);
        }
        for (int query = 0; query < QUERIES; query++) {
            weights(a, query);
        }
        int vectors = shape.valueDimension() / LANES;
        for (int first = 0; first < vectors; first += 2) {
            values(a, first, Math.min(2, vectors - first));
        }
        a.add(RDX, QUERIES * Float.BYTES * shape.keyDimension());
        a.add(RAX, QUERIES * shape.stateBytes());
        a.add(R8, QUERIES * Integer.BYTES);
        a.sub(R9, 1);
        a.jump(Condition.NOT_EQUAL, tile);
        a.pop(RBX);
    }

    /** The scores with the 16 keys that are {@code offset} bytes behind the first. */
    private void scores(Assembler a, int offset) {
        a.load(RSI, at(RDI, TURNED_KEYS));
        a.mov(RCX, 0);
        for (int sum = 0; sum < 2 * QUERIES; sum++) {
            a.emit(VPXOR, ymm(sum), ymm(sum), ymm(sum));
        }
        int together = 4;
        Label next = new Label();
        a.align(32);
        a.place(next);
        for (int i = 0; i < together; i++) {
            a.emit(VMOVUPS, ymm(12), at(RSI, KEY_BYTES * i + offset));
            a.emit(VMOVUPS, ymm(13), at(RSI, KEY_BYTES * i + offset + VECTOR));
            for (int query = 0; query < QUERIES; query++) {
                int element = Float.BYTES * (shape.keyDimension() * query + i);
                a.emit(VBROADCASTSS, FACTOR, at(RDX, RCX, 1, element));
                a.emit(VFMADD231PS, ymm(2 * query), FACTOR, ymm(12));
                a.emit(VFMADD231PS, ymm(2 * query + 1), FACTOR, ymm(13));
            }
        }
        a.add(RSI, together * KEY_BYTES);
        a.add(RCX, together * Float.BYTES);
        a.cmp(RCX, Float.BYTES * shape.keyDimension());
        a.jump(Condition.NOT_EQUAL, next);
        for (int query = 0; query < QUERIES; query++) {
            for (int i = 0; i < 2; i++) {
                a.store(VMOVUPS_STORE, at(R10, KEY_BYTES * query + offset + VECTOR * i), ymm(2 * query + i));
            }
        }
    }

    /** The scores of one query vector become weights under the maximum so far. */
    private void weights(Assembler a, int query) {
        int parts = KEYS / LANES;
        Vec maximum = ymm(4);
        Vec correction = ymm(5);
        Vec sums = ymm(6);
        Vec mask = ymm(7);
        int state = query * shape.stateBytes();
        for (int part = 0; part < parts; part++) {
            Vec score = ymm(part);
            a.emit(VMOVUPS, score, at(R10, KEY_BYTES * query + VECTOR * part));
            if (shape.capped()) {
                Avx2AttentionCode.cap(a, score, ymm(8), ymm(9), ymm(10));
            }
            Avx2AttentionCode.mask(a, mask, at(R8, Integer.BYTES * query), part);
            Avx2AttentionCode.hide(a, score, mask, ymm(8));
            if (part == 0) {
                a.emit(VMOVUPS, maximum, score);
            } else {
                a.emit(VMAXPS, maximum, maximum, score);
            }
        }
        Lanes.join(a, VMAXPS, maximum, ymm(8));
        a.emit(VBROADCASTSS, correction, at(RAX, state + STATE_MAXIMUM));
        a.emit(VMAXPS, maximum, maximum, correction);
        a.store(VMOVSS_STORE, at(RAX, state + STATE_MAXIMUM), maximum.x());
        a.emit(VSUBPS, correction, correction, maximum);
        Avx2Exponential.emit(a, RBX, correction, ymm(8), ymm(9), ymm(10));
        a.store(VMOVSS_STORE, at(RDI, CORRECTIONS + Float.BYTES * query), correction.x());
        a.emit(VMULPS, sums, correction, at(RAX, state + STATE_SUMS));
        for (int part = 0; part < parts; part++) {
            Vec weight = ymm(part);
            a.emit(VSUBPS, weight, weight, maximum);
            Avx2Exponential.emit(a, RBX, weight, ymm(8), ymm(9), ymm(10));
            Avx2AttentionCode.mask(a, mask, at(R8, Integer.BYTES * query), part);
            a.emit(VANDPS, weight, weight, mask);
            a.emit(VADDPS, sums, sums, weight);
            a.store(VMOVUPS_STORE, at(R10, KEY_BYTES * query + VECTOR * part), weight);
        }
        a.store(VMOVUPS_STORE, at(RAX, state + STATE_SUMS), sums);
    }

    /** {@code count} vectors of the states' values, from number {@code first} on, times the correction and with what the positions add. */
    private void values(Assembler a, int first, int count) {
        for (int query = 0; query < QUERIES; query++) {
            a.emit(VBROADCASTSS, FACTOR, at(RDI, CORRECTIONS + Float.BYTES * query));
            for (int i = 0; i < count; i++) {
                a.emit(VMULPS, ymm(2 * query + i), FACTOR, stateValues(query, first + i));
            }
        }
        a.load(RSI, at(RDI, WIDE_VALUES));
        a.load(R11, at(RDI, SEEN));
        a.mov(RCX, 0);
        Label next = new Label();
        a.align(32);
        a.place(next);
        for (int i = 0; i < count; i++) {
            a.emit(VMOVUPS, ymm(12 + i), at(RSI, VECTOR * (first + i)));
        }
        for (int query = 0; query < QUERIES; query++) {
            a.emit(VBROADCASTSS, FACTOR, at(R10, RCX, 4, KEY_BYTES * query));
            for (int i = 0; i < count; i++) {
                a.emit(VFMADD231PS, ymm(2 * query + i), FACTOR, ymm(12 + i));
            }
        }
        a.add(RSI, Float.BYTES * shape.valueDimension());
        a.add(RCX, 1);
        a.cmp(RCX, R11);
        a.jump(Condition.NOT_EQUAL, next);
        for (int query = 0; query < QUERIES; query++) {
            for (int i = 0; i < count; i++) {
                a.store(VMOVUPS_STORE, stateValues(query, first + i), ymm(2 * query + i));
            }
        }
    }

    private Mem stateValues(int query, int vector) {
        return at(RAX, query * shape.stateBytes() + STATE_VALUES + VECTOR * vector);
    }
}
