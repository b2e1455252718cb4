package org.llmspell.kernels.vector;

import static org.llmspell.kernels.vector.Simd.ALL;
import static org.llmspell.kernels.vector.Simd.F;
import static org.llmspell.kernels.vector.Simd.FLOAT;
import static org.llmspell.kernels.vector.Simd.LANES;
import static org.llmspell.kernels.vector.Simd.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.llmspell.kernels.AttentionCall;
import org.llmspell.kernels.CacheFormat;

/**
 * Attention of a group of heads over tiles of {@link #TILE} positions: a tile of keys and values is widened to float32 once for
 * all heads of the group and a block of query rows, scores are a batched product, and the softmax is the online one of Milakov
 * and Gimelshein (2018).
 *
 * <p>Tiles lie at multiples of {@link #TILE} positions whatever the call's rows are, so that a row's result does not depend on which
 * rows it is computed with. Head sizes are padded to whole vectors in the working memory.
 */
final class VectorAttention {
    /** Positions of a tile: 32 KiB of keys at 128 elements a head. */
    private static final int TILE = 64;

    /** Query vectors (rows times heads of the group) that share a widened tile. */
    private static final int QUERIES = 64;

    private final AttentionCall call;
    private final int kvHead;
    private final int keyWidth;
    private final int valueWidth;

    // Addresses of the parts of the working memory.
    private final long queries;
    private final long sums;
    private final long scores;
    private final long keys;
    private final long values;
    private final long maxima;
    private final long totals;

    private VectorAttention(AttentionCall call, int kvHead, int blockQueries, Scratch scratch) {
        this.call = call;
        this.kvHead = kvHead;
        keyWidth = padded(call.keyDimension());
        valueWidth = padded(call.valueDimension());
        long floats = (long) blockQueries * (keyWidth + valueWidth + TILE + 2) + (long) TILE * (keyWidth + valueWidth);
        queries = scratch.work(floats);
        sums = queries + 4L * blockQueries * keyWidth;
        scores = sums + 4L * blockQueries * valueWidth;
        keys = scores + 4L * blockQueries * TILE;
        values = keys + 4L * TILE * keyWidth;
        maxima = values + 4L * TILE * valueWidth;
        totals = maxima + 4L * blockQueries;
        ALL.asSlice(queries, 4 * floats).fill((byte) 0);
    }

    private static int padded(int dimension) {
        return Math.ceilDiv(dimension, LANES) * LANES;
    }

    static void run(AttentionCall call, int kvHead, int rowFrom, int rowTo, Scratch scratch) {
        int blockRows = Math.min(rowTo - rowFrom, Math.max(1, QUERIES / call.group()));
        VectorAttention attention = new VectorAttention(call, kvHead, blockRows * call.group(), scratch);
        for (int row = rowFrom; row < rowTo; row += blockRows) {
            attention.block(row, Math.min(rowTo, row + blockRows));
        }
    }

    private void block(int rowFrom, int rowTo) {
        int count = (rowTo - rowFrom) * call.group();
        begin(rowFrom, count);
        int last = call.firstPosition() + rowTo - 1;
        int first = call.firstVisible(rowFrom);
        for (int tile = first - first % TILE; tile <= last && tile >= 0; tile += TILE) {
            int from = Math.max(first, tile);
            int to = Math.min(last, tile + TILE - 1) + 1;
            widen(call.keyPages(), call.keyDimension(), keyWidth, keys, tile, from, to);
            widen(call.valuePages(), call.valueDimension(), valueWidth, values, tile, from, to);
            Dense.product(
                    keys + 4L * (from - tile) * keyWidth,
                    4L * keyWidth,
                    to - from,
                    queries,
                    4L * keyWidth,
                    count,
                    keyWidth,
                    scores + 4L * (from - tile),
                    4L * TILE,
                    false);
            for (int q = 0; q < count; q++) {
                weigh(q, rowFrom + q / call.group(), tile, from, to);
            }
            for (int q = 0; q < count; q += 4) {
                addValues(q, Math.min(4, count - q), from - tile, to - tile);
            }
        }
        end(rowFrom, count);
    }

    /** Copies the queries, scaled, and starts each one's softmax, from its sink if there are any. */
    private void begin(int rowFrom, int count) {
        float[] sinks = call.sinks();
        for (int q = 0; q < count; q++) {
            int head = kvHead * call.group() + q % call.group();
            long row = (long) (rowFrom + q / call.group()) * call.heads() + head;
            long source = call.query().address() + 4 * (call.queryIndex() + row * call.keyDimension());
            long target = queries + 4L * q * keyWidth;
            for (int i = 0; i < call.keyDimension(); i++) {
                Simd.setFloat(target + 4L * i, Simd.getFloat(source + 4L * i) * call.scale());
            }
            Simd.setFloat(maxima + 4L * q, sinks == null ? Float.NEGATIVE_INFINITY : sinks[head]);
            Simd.setFloat(totals + 4L * q, sinks == null ? 0 : 1);
        }
        ALL.asSlice(sums, 4L * count * valueWidth).fill((byte) 0);
    }

    private void widen(MemorySegment[] pages, int dimension, int width, long target, int tile, int from, int to) {
        int pageTokens = call.pageTokens();
        long bytes = call.format().bytes(dimension);
        for (int position = from; position < to; position++) {
            long inPage = (long) kvHead * pageTokens + position % pageTokens;
            long source = pages[position / pageTokens].address() + inPage * bytes;
            if (call.format() == CacheFormat.BYTES) {
                CachedBytes.widen(source, target + 4L * (position - tile) * width, dimension);
            } else {
                Halves.widen(source, target + 4L * (position - tile) * width, dimension);
            }
        }
    }

    /** Turns one query's scores into weights relative to the greatest score so far, and 0 where it sees nothing. */
    private void weigh(int q, int row, int tile, int from, int to) {
        long score = scores + 4L * q * TILE;
        int seenFrom = Math.max(from, call.firstVisible(row));
        int seenTo = Math.min(to, call.firstPosition() + row + 1);
        int count = Math.max(0, seenTo - seenFrom);
        if (count == 0) {
            zero(score, from - tile, to - tile);
            return;
        }
        zero(score, from - tile, seenFrom - tile);
        zero(score, seenTo - tile, to - tile);
        long seen = score + 4L * (seenFrom - tile);
        if (call.softcap() != 0) {
            Elementwise.softcap(seen, count, call.softcap());
        }
        float oldMax = Simd.getFloat(maxima + 4L * q);
        float newMax = Math.max(oldMax, Elementwise.max(seen, count));
        float total = Simd.getFloat(totals + 4L * q);
        if (newMax != oldMax) {
            float keep = (float) Math.exp(oldMax - newMax);
            Elementwise.scale(sums + 4L * q * valueWidth, valueWidth, keep);
            total *= keep;
            Simd.setFloat(maxima + 4L * q, newMax);
        }
        Simd.setFloat(totals + 4L * q, total + Elementwise.expSum(seen, count, newMax));
    }

    private static void zero(long scores, int from, int to) {
        for (int i = from; i < to; i++) {
            Simd.setFloat(scores + 4L * i, 0);
        }
    }

    /** Adds the weighted values of a tile's positions to up to four queries' sums. */
    private void addValues(int q, int count, int from, int to) {
        for (int lane = 0; lane < valueWidth; lane += LANES) {
            long value = values + 4L * lane;
            long sum = sums + 4L * q * valueWidth + 4L * lane;
            long weight = scores + 4L * q * TILE;
            if (count == 4) {
                addFour(value, sum, weight, from, to);
            } else {
                for (int i = 0; i < count; i++) {
                    addOne(value, sum + 4L * i * valueWidth, weight + 4L * i * TILE, from, to);
                }
            }
        }
    }

    private void addFour(long value, long sum, long weight, int from, int to) {
        long stride = 4L * valueWidth;
        FloatVector a = FloatVector.fromMemorySegment(F, ALL, sum, ORDER);
        FloatVector b = FloatVector.fromMemorySegment(F, ALL, sum + stride, ORDER);
        FloatVector c = FloatVector.fromMemorySegment(F, ALL, sum + 2 * stride, ORDER);
        FloatVector d = FloatVector.fromMemorySegment(F, ALL, sum + 3 * stride, ORDER);
        for (int position = from; position < to; position++) {
            FloatVector v = FloatVector.fromMemorySegment(F, ALL, value + position * stride, ORDER);
            long w = weight + 4L * position;
            a = v.fma(FloatVector.broadcast(F, ALL.get(FLOAT, w)), a);
            b = v.fma(FloatVector.broadcast(F, ALL.get(FLOAT, w + 4 * TILE)), b);
            c = v.fma(FloatVector.broadcast(F, ALL.get(FLOAT, w + 8 * TILE)), c);
            d = v.fma(FloatVector.broadcast(F, ALL.get(FLOAT, w + 12 * TILE)), d);
        }
        a.intoMemorySegment(ALL, sum, ORDER);
        b.intoMemorySegment(ALL, sum + stride, ORDER);
        c.intoMemorySegment(ALL, sum + 2 * stride, ORDER);
        d.intoMemorySegment(ALL, sum + 3 * stride, ORDER);
    }

    private void addOne(long value, long sum, long weight, int from, int to) {
        long stride = 4L * valueWidth;
        FloatVector a = FloatVector.fromMemorySegment(F, ALL, sum, ORDER);
        for (int position = from; position < to; position++) {
            FloatVector v = FloatVector.fromMemorySegment(F, ALL, value + position * stride, ORDER);
            a = v.fma(FloatVector.broadcast(F, ALL.get(FLOAT, weight + 4L * position)), a);
        }
        a.intoMemorySegment(ALL, sum, ORDER);
    }

    private void end(int rowFrom, int count) {
        for (int q = 0; q < count; q++) {
            int head = kvHead * call.group() + q % call.group();
            long row = (long) (rowFrom + q / call.group()) * call.heads() + head;
            long target = call.out().address() + 4 * (call.outIndex() + row * call.valueDimension());
            long source = sums + 4L * q * valueWidth;
            float scale = 1 / Simd.getFloat(totals + 4L * q);
            for (int i = 0; i < call.valueDimension(); i++) {
                Simd.setFloat(target + 4L * i, Simd.getFloat(source + 4L * i) * scale);
            }
        }
    }
}
