package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.kernels.AttentionCall;
import org.llmspell.kernels.Kernels;

/**
 * The self-attention layer with grouped heads over the paged cache: projections, optional norms, rotation, storing of keys and
 * values, causal attention of each sequence over its own pages, and the output projection.
 *
 * @param layer its number, which finds its part of the cache
 * @param heads query heads
 * @param kvHeads key-value heads, a divisor of {@code heads}
 * @param layout of the cache, which knows the head dimensions
 * @param projections the matrices
 * @param norms of queries and keys, or null
 * @param rope the rotation; null for a layer without positions
 * @param scores how they are formed
 */
public record Attention(
        int layer,
        int heads,
        int kvHeads,
        KvLayout layout,
        Projections projections,
        @Nullable Norms norms,
        @Nullable RopeTable rope,
        Scores scores)
        implements TokenMixer {

    /**
     * Norms of queries and keys.
     *
     * @param order whether they come before the rotation, as in most architectures, or after it
     */
    public record Norms(QueryKeyNorm query, QueryKeyNorm key, Order order) {
        /** Norms before the rotation. */
        public Norms(QueryKeyNorm query, QueryKeyNorm key) {
            this(query, key, Order.BEFORE_ROTATION);
        }
    }

    /** When queries and keys are normalized. */
    public enum Order {
        BEFORE_ROTATION,
        AFTER_ROTATION
    }

    /** The same with other matrices. */
    public Attention withProjections(Projections other) {
        return new Attention(layer, heads, kvHeads, layout, other, norms, rope, scores);
    }

    /** Query rows that one worker takes at a time: enough to reuse keys in cache, few enough to share out a prompt. */
    private static final int QUERY_ROWS = 32;

    @Override
    public KvLayout.Layer kept(int contextLength) {
        // A sequence that is seen from both ends is computed at once, and forgotten.
        int window = scores.bothWays() ? KvLayout.UNBOUNDED : scores.window();
        return layout.layers().get(layer).withWindow(window < contextLength ? window : KvLayout.UNBOUNDED);
    }

    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        Activations memory = pass.memory;
        Linear[] inputs = {projections.query(), projections.key(), projections.value()};
        Rows query = projections.gated() ? memory.mixed : memory.query;
        Linear.run(pass, in, pass.rows(), inputs, new Rows[] {query, memory.key, memory.value});
        long work = 8L * (memory.query.columns() + memory.key.columns() + memory.value.columns());
        List<Batch.Slice> slices = pass.batch.slices();
        for (Batch.Slice slice : slices) {
            pass.forRows(slice.rows(), work, (from, to) -> {
                for (int row = slice.firstRow() + from; row < slice.firstRow() + to; row++) {
                    place(pass, slice, row);
                }
            });
        }
        attend(pass, slices);
        boolean pairs = layout.precision() == KvLayout.Precision.HALF_PAIR;
        if (pairs) {
            foldPairs(pass);
        }
        if (projections.gated()) {
            gate(pass);
        }
        projections.output().apply(pass, projections.gated() ? memory.mixedGate : memory.attended, out);
    }

    @Override
    public Widths.Recurrent recurrentWidths() {
        return projections.gated()
                ? new Widths.Recurrent(2 * heads * keyDimension(), heads * keyDimension(), 0, 0)
                : Widths.Recurrent.NONE;
    }

    private int keyDimension() {
        return layout.keyDimension(layer);
    }

    /** Takes queries and gates apart. */
    private void split(Activations memory, int row) {
        long bytes = (long) keyDimension() * Float.BYTES;
        for (int head = 0; head < heads; head++) {
            long from = memory.mixed.at(row) * Float.BYTES + 2 * head * bytes;
            long query = memory.query.at(row) * Float.BYTES + head * bytes;
            long gate = memory.mixedGate.at(row) * Float.BYTES + head * bytes;
            MemorySegment.copy(memory.mixed.data(), from, memory.query.data(), query, bytes);
            MemorySegment.copy(memory.mixed.data(), from + bytes, memory.mixedGate.data(), gate, bytes);
        }
    }

    /** The result of attention times the logistic function of its gates, in place of these. */
    private void gate(ForwardPass pass) {
        Rows gates = pass.memory.mixedGate;
        Rows results = pass.memory.attended;
        int width = heads * layout.valueDimension(layer);
        pass.forRows(pass.rows(), 8L * width, (from, to) -> {
            for (int row = from; row < to; row++) {
                pass.kernels.sigmoidMultiply(gates.data(), gates.at(row), results.data(), results.at(row), width);
            }
        });
    }

    /** Norms, rotation, and the row's key and value into its page. */
    private void place(ForwardPass pass, Batch.Slice slice, int row) {
        Kernels kernels = pass.kernels;
        Activations memory = pass.memory;
        int dimension = layout.keyDimension(layer);
        int position = slice.firstPosition() + row - slice.firstRow();
        prepare(pass, row, position);
        int page = position / KvLayout.PAGE_TOKENS;
        int slot = position % KvLayout.PAGE_TOKENS;
        MemorySegment keys = slice.cache().keys(layer)[page];
        MemorySegment values = slice.cache().values(layer)[page];
        for (int head = 0; head < kvHeads; head++) {
            long stored = (long) head * KvLayout.PAGE_TOKENS + slot;
            store(kernels, memory.key, memory.key.at(row) + (long) head * dimension, dimension, keys, stored);
            int valueDimension = layout.valueDimension(layer);
            long value = memory.value.at(row) + (long) head * valueDimension;
            store(kernels, memory.value, value, valueDimension, values, stored);
        }
        if (layout.precision() == KvLayout.Precision.HALF_PAIR) {
            repeatQueries(memory, row);
        }
    }

    private void prepare(ForwardPass pass, int row, int position) {
        if (projections.gated()) {
            split(pass.memory, row);
        }
        if (projections.bound() > 0) {
            pass.memory.query.clamp(row, projections.bound());
            pass.memory.key.clamp(row, projections.bound());
            pass.memory.value.clamp(row, projections.bound());
        }
        if (norms != null && norms.order == Order.BEFORE_ROTATION) {
            normalize(norms, pass, row);
        }
        if (rope != null) {
            rotate(rope, pass, pass.memory.query, row, heads);
            rotate(rope, pass, pass.memory.key, row, kvHeads);
        }
        if (norms != null && norms.order == Order.AFTER_ROTATION) {
            normalize(norms, pass, row);
        }
        if (scores.temperature() != null) {
            pass.memory.query.scale(row, scores.temperature().at(position));
        }
    }

    private void normalize(Norms norms, ForwardPass pass, int row) {
        norms.query.apply(pass.kernels, pass.memory.query, row, heads * layout.keyDimension(layer));
        norms.key.apply(pass.kernels, pass.memory.key, row, kvHeads * layout.keyDimension(layer));
    }

    private void rotate(RopeTable rope, ForwardPass pass, Rows rows, int row, int count) {
        Rows cos = pass.memory.cosines[rope.slot()];
        Rows sin = pass.memory.sines[rope.slot()];
        for (int head = 0; head < count; head++) {
            pass.kernels.rotate(
                    rows.data(),
                    rows.at(row) + (long) head * layout.keyDimension(layer),
                    cos.data(),
                    cos.at(row),
                    sin.data(),
                    sin.at(row),
                    rope.dimensions(),
                    rope.halves());
        }
    }

    /** Writes a head as row {@code stored} of a page; spoils it where the cache holds pairs. */
    private void store(Kernels kernels, Rows rows, long index, int dimension, MemorySegment page, long stored) {
        MemorySegment data = rows.data();
        long target = stored * dimension * layout.precision().halves();
        kernels.toHalf(data, index, page, target, dimension);
        if (layout.precision() == KvLayout.Precision.HALF_PAIR) {
            for (int i = 0; i < dimension; i++) {
                float rounded = Float.float16ToFloat(page.getAtIndex(ValueLayout.JAVA_SHORT, target + i));
                float exact = data.getAtIndex(ValueLayout.JAVA_FLOAT, index + i);
                data.setAtIndex(ValueLayout.JAVA_FLOAT, index + i, exact - rounded);
            }
            kernels.toHalf(data, index, page, target + dimension, dimension);
        }
    }

    /** Each query head twice: once for the halves, once for what they left over. */
    private void repeatQueries(Activations memory, int row) {
        int dimension = layout.keyDimension(layer);
        long bytes = (long) dimension * Float.BYTES;
        for (int head = 0; head < heads; head++) {
            long from = (memory.query.at(row) + (long) head * dimension) * Float.BYTES;
            long to = (memory.queryStored.at(row) + 2L * head * dimension) * Float.BYTES;
            MemorySegment.copy(memory.query.data(), from, memory.queryStored.data(), to, bytes);
            MemorySegment.copy(memory.query.data(), from, memory.queryStored.data(), to + bytes, bytes);
        }
    }

    private void attend(ForwardPass pass, List<Batch.Slice> slices) {
        AttentionCall[] calls = new AttentionCall[slices.size()];
        int[] firstChunk = new int[slices.size() + 1];
        for (int i = 0; i < calls.length; i++) {
            Batch.Slice slice = slices.get(i);
            calls[i] = call(pass.memory, slice, 0, slice.rows(), slice.firstPosition(), scores.window());
            int blocks = (slices.get(i).rows() + QUERY_ROWS - 1) / QUERY_ROWS;
            firstChunk[i + 1] = firstChunk[i] + blocks * kvHeads;
        }
        pass.workers.run(firstChunk[calls.length], (chunk, worker) -> {
            int slice = 0;
            while (chunk >= firstChunk[slice + 1]) {
                slice++;
            }
            int rest = chunk - firstChunk[slice];
            int from = rest / kvHeads * QUERY_ROWS;
            int to = Math.min(calls[slice].rows(), from + QUERY_ROWS);
            if (scores.bothWays()) {
                attendBothWays(pass, slices.get(slice), rest % kvHeads, from, to);
            } else {
                pass.kernels.attention(calls[slice], rest % kvHeads, from, to);
            }
        });
    }

    /** Each row as if it were the last that its own window reaches. */
    private void attendBothWays(ForwardPass pass, Batch.Slice slice, int kvHead, int from, int to) {
        int last = slice.rows() - 1;
        int reach = Math.min(scores.window() / 2, slice.rows());
        for (int row = from; row < to; row++) {
            int end = Math.min(last, row + reach);
            pass.kernels.attention(call(pass.memory, slice, row, 1, end, end - row + reach + 1), kvHead, 0, 1);
        }
    }

    /** Attention of {@code rows} rows of a slice, the first of which sees as far as {@code position}. */
    private AttentionCall call(
            Activations memory, Batch.Slice slice, int firstRow, int rows, int position, int window) {
        SequenceCache cache = slice.cache();
        return new AttentionCall(
                heads,
                kvHeads,
                layout.storedKeyDimension(layer),
                layout.storedValueDimension(layer),
                KvLayout.PAGE_TOKENS,
                memory.queryStored.data(),
                memory.queryStored.at(slice.firstRow() + firstRow),
                cache.keys(layer),
                cache.values(layer),
                memory.attendedStored.data(),
                memory.attendedStored.at(slice.firstRow() + firstRow),
                rows,
                position,
                window,
                scores.scale(),
                scores.softcap(),
                null);
    }

    /** Adds the two parts of each head's result. */
    private void foldPairs(ForwardPass pass) {
        Rows parts = pass.memory.attendedStored;
        Rows sums = pass.memory.attended;
        int dimension = layout.valueDimension(layer);
        pass.forRows(pass.rows(), 2L * sums.columns(), (from, to) -> {
            for (int row = from; row < to; row++) {
                for (int head = 0; head < heads; head++) {
                    long part = parts.at(row) + 2L * head * dimension;
                    long sum = sums.at(row) + (long) head * dimension;
                    for (int i = 0; i < dimension; i++) {
                        float high = parts.data().getAtIndex(ValueLayout.JAVA_FLOAT, part + i);
                        float low = parts.data().getAtIndex(ValueLayout.JAVA_FLOAT, part + dimension + i);
                        sums.data().setAtIndex(ValueLayout.JAVA_FLOAT, sum + i, high + low);
                    }
                }
            }
        });
    }
}
