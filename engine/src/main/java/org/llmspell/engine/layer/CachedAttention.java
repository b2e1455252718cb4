package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.kernels.AttentionCall;
import org.llmspell.kernels.CacheFormat;
import org.llmspell.kernels.Kernels;

/**
 * Attention over the paged cache, between the products before and after it: stores the keys and values of the pass, then each
 * sequence attends to its own pages. Queries, keys and values are taken from the pass's memory, results go to {@code attended}.
 *
 * @param layer its number, which finds its part of the cache
 * @param heads query heads
 * @param kvHeads key-value heads, a divisor of {@code heads}
 * @param layout of the cache, which knows the head dimensions
 * @param scores how they are formed
 */
record CachedAttention(int layer, int heads, int kvHeads, KvLayout layout, Scores scores) {
    /** Query rows that one worker takes at a time: enough to reuse keys in cache, few enough to share out a prompt. */
    private static final int QUERY_ROWS = 32;

    /** Query heads that one worker takes at least of a single token's: the kernels work on four at a time. */
    private static final int LEAST_HEADS = 4;

    /** Makes a row's query, key and value ready: norms, rotation. */
    interface Preparation {
        void run(int row, int position);
    }

    void apply(ForwardPass pass, Preparation preparation) {
        apply(pass, preparation, true);
    }

    /** Attends to what an earlier layer has stored: {@code layer} is that layer's number. */
    void applyStored(ForwardPass pass, Preparation preparation) {
        apply(pass, preparation, false);
    }

    /** Where the layer's queries go, {@code [heads][keyDimension]} a row. */
    Rows query(Activations memory) {
        return memory.query.narrowed(heads * layout.keyDimension(layer));
    }

    /** Where the layer's results are, {@code [heads][valueDimension]} a row. */
    Rows attended(Activations memory) {
        return memory.attended.narrowed(heads * layout.valueDimension(layer));
    }

    private Rows queryStored(Activations memory) {
        return memory.queryStored.narrowed(heads * layout.storedKeyDimension(layer));
    }

    private Rows attendedStored(Activations memory) {
        return memory.attendedStored.narrowed(heads * layout.storedValueDimension(layer));
    }

    private void apply(ForwardPass pass, Preparation preparation, boolean storing) {
        Activations memory = pass.memory;
        long work = 8L * (memory.query.columns() + memory.key.columns() + memory.value.columns());
        List<Batch.Slice> slices = pass.batch.slices();
        for (Batch.Slice slice : slices) {
            pass.forRows(slice.rows(), work, (from, to) -> {
                for (int i = from; i < to; i++) {
                    int row = slice.firstRow() + i;
                    int position = slice.firstPosition() + i;
                    preparation.run(row, position);
                    if (scores.temperature() != null) {
                        query(memory).scale(row, scores.temperature().at(position));
                    }
                    if (storing) {
                        place(pass.kernels, memory, slice.cache(), row, position);
                    }
                    if (layout.precision() == KvLayout.Precision.HALF_PAIR) {
                        repeatQueries(memory, row);
                    }
                }
            });
        }
        attend(pass, runs(slices));
        if (layout.precision() == KvLayout.Precision.HALF_PAIR) {
            foldPairs(pass);
        }
    }

    /** The row's key and value into its page. */
    private void place(Kernels kernels, Activations memory, SequenceCache cache, int row, int position) {
        int keyDimension = layout.keyDimension(layer);
        int valueDimension = layout.valueDimension(layer);
        int page = position / KvLayout.PAGE_TOKENS;
        int slot = position % KvLayout.PAGE_TOKENS;
        MemorySegment keys = cache.keys(layer)[page];
        MemorySegment values = cache.values(layer)[page];
        for (int head = 0; head < kvHeads; head++) {
            long stored = (long) head * KvLayout.PAGE_TOKENS + slot;
            long key = memory.key.at(row) + (long) head * keyDimension;
            store(kernels, memory.key, key, keyDimension, keys, stored);
            long value = memory.value.at(row) + (long) head * valueDimension;
            store(kernels, memory.value, value, valueDimension, values, stored);
        }
    }

    /** Writes a head as row {@code stored} of a page; spoils it where the cache holds pairs. */
    private void store(Kernels kernels, Rows rows, long index, int dimension, MemorySegment page, long stored) {
        MemorySegment data = rows.data();
        if (layout.precision().format() == CacheFormat.BYTES) {
            kernels.toBytes(data, index, page, stored * CacheFormat.BYTES.bytes(dimension), dimension);
            return;
        }
        long target = stored * dimension * layout.precision().numbers();
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
        Rows once = query(memory);
        Rows twice = queryStored(memory);
        for (int head = 0; head < heads; head++) {
            long from = (once.at(row) + (long) head * dimension) * Float.BYTES;
            long to = (twice.at(row) + 2L * head * dimension) * Float.BYTES;
            MemorySegment.copy(once.data(), from, twice.data(), to, bytes);
            MemorySegment.copy(once.data(), from, twice.data(), to + bytes, bytes);
        }
    }

    /** Consecutive rows of a slice that see the same pages. */
    private record Run(Batch.Slice slice, int from, int rows) {
        int position() {
            return slice.firstPosition() + from;
        }
    }

    private List<Run> runs(List<Batch.Slice> slices) {
        List<Run> runs = new ArrayList<>();
        for (Batch.Slice slice : slices) {
            int from = 0;
            while (from < slice.rows()) {
                int rest = slice.rows() - from;
                int position = slice.firstPosition() + from;
                int rows = scores.chunked() ? Math.min(rest, scores.window() - position % scores.window()) : rest;
                runs.add(new Run(slice, from, rows));
                from += rows;
            }
        }
        return runs;
    }

    private void attend(ForwardPass pass, List<Run> runs) {
        AttentionCall[] calls = new AttentionCall[runs.size()];
        int[] firstChunk = new int[runs.size() + 1];
        for (int i = 0; i < calls.length; i++) {
            Run run = runs.get(i);
            calls[i] = call(pass.memory, run, 0, heads);
            int blocks = (run.rows() + QUERY_ROWS - 1) / QUERY_ROWS;
            firstChunk[i + 1] = firstChunk[i] + (divisible(run) ? parts(pass) : blocks * kvHeads);
        }
        pass.workers.run(firstChunk[calls.length], (chunk, worker) -> {
            int run = 0;
            while (chunk >= firstChunk[run + 1]) {
                run++;
            }
            int rest = chunk - firstChunk[run];
            if (divisible(runs.get(run))) {
                int perPart = headsPerPart(pass);
                int first = rest * perPart;
                int count = Math.min(perPart, heads - first);
                pass.kernels.attention(call(pass.memory, runs.get(run), first, count), 0, 0, 1);
                return;
            }
            int from = rest / kvHeads * QUERY_ROWS;
            int to = Math.min(calls[run].rows(), from + QUERY_ROWS);
            if (scores.bothWays()) {
                attendBothWays(pass, calls[run], rest % kvHeads, from, to);
            } else {
                pass.kernels.attention(calls[run], rest % kvHeads, from, to);
            }
        });
    }

    /** Attention of a whole sequence, each row as if it were the last that its own window reaches. */
    private void attendBothWays(ForwardPass pass, AttentionCall all, int kvHead, int from, int to) {
        int reach = Math.min(scores.window() / 2, all.rows());
        long query = (long) heads * layout.storedKeyDimension(layer);
        long attended = (long) heads * layout.storedValueDimension(layer);
        for (int row = from; row < to; row++) {
            int end = Math.min(all.rows() - 1, row + reach);
            AttentionCall one = new AttentionCall(
                    heads,
                    kvHeads,
                    all.keyDimension(),
                    all.valueDimension(),
                    KvLayout.PAGE_TOKENS,
                    all.format(),
                    all.query(),
                    all.queryIndex() + row * query,
                    all.keyPages(),
                    all.valuePages(),
                    all.out(),
                    all.outIndex() + row * attended,
                    1,
                    end,
                    end - row + reach + 1,
                    scores.scale(),
                    scores.softcap(),
                    scores.sinks());
            pass.kernels.attention(one, kvHead, 0, 1);
        }
    }

    /** Whether the query heads of a run can be shared out: a single token's lie one after the other. */
    private boolean divisible(Run run) {
        return kvHeads == 1 && run.rows() == 1 && scores.sinks() == null;
    }

    private int headsPerPart(ForwardPass pass) {
        int even = (heads + pass.workers.threads() - 1) / pass.workers.threads();
        return (even + LEAST_HEADS - 1) / LEAST_HEADS * LEAST_HEADS;
    }

    private int parts(ForwardPass pass) {
        return (heads + headsPerPart(pass) - 1) / headsPerPart(pass);
    }

    /** A run's attention of {@code count} query heads from {@code first}; of all, unless it has a single row. */
    private AttentionCall call(Activations memory, Run run, int first, int count) {
        SequenceCache cache = run.slice().cache();
        MemorySegment[] keys = cache.keys(layer);
        MemorySegment[] values = cache.values(layer);
        int position = run.position();
        if (scores.chunked() && position >= scores.window()) {
            // Keys are rotated already: with the pages before the piece left out, the piece can count from 0.
            int page = position / scores.window() * (scores.window() / KvLayout.PAGE_TOKENS);
            keys = Arrays.copyOfRange(keys, page, keys.length);
            values = Arrays.copyOfRange(values, page, values.length);
            position %= scores.window();
        }
        int row = run.slice().firstRow() + run.from();
        int keyDimension = layout.storedKeyDimension(layer);
        int valueDimension = layout.storedValueDimension(layer);
        return new AttentionCall(
                count,
                kvHeads,
                keyDimension,
                valueDimension,
                KvLayout.PAGE_TOKENS,
                layout.precision().format(),
                memory.queryStored.data(),
                queryStored(memory).at(row) + (long) first * keyDimension,
                keys,
                values,
                memory.attendedStored.data(),
                attendedStored(memory).at(row) + (long) first * valueDimension,
                run.rows(),
                position,
                scores.window(),
                scores.scale(),
                scores.softcap(),
                scores.sinks());
    }

    /** Adds the two parts of each head's result. */
    private void foldPairs(ForwardPass pass) {
        Rows parts = attendedStored(pass.memory);
        Rows sums = attended(pass.memory);
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
