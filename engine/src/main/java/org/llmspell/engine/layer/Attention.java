package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.cache.KvLayout;

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
     * @param value of values, or null, as nearly always
     * @param order whether they come before the rotation, as in most architectures, or after it
     */
    public record Norms(
            QueryKeyNorm query, QueryKeyNorm key, @Nullable QueryKeyNorm value, Order order) {
        /** Norms before the rotation. */
        public Norms(QueryKeyNorm query, QueryKeyNorm key) {
            this(query, key, Order.BEFORE_ROTATION);
        }

        /** None of values. */
        public Norms(QueryKeyNorm query, QueryKeyNorm key, Order order) {
            this(query, key, null, order);
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
        CachedAttention cached = new CachedAttention(layer, heads, kvHeads, layout, scores);
        Rows queries = cached.query(memory);
        Rows results = cached.attended(memory);
        Rows query = projections.gated() ? memory.mixed : queries;
        Linear.run(pass, in, pass.rows(), inputs, new Rows[] {query, memory.key, memory.value});
        cached.apply(pass, (row, position) -> prepare(pass, queries, row));
        if (projections.gated()) {
            gate(pass, results);
        }
        projections.output().apply(pass, projections.gated() ? memory.mixedGate : results, out);
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
    private void split(Activations memory, Rows queries, int row) {
        long bytes = (long) keyDimension() * Float.BYTES;
        for (int head = 0; head < heads; head++) {
            long from = memory.mixed.at(row) * Float.BYTES + 2L * head * bytes;
            long query = queries.at(row) * Float.BYTES + head * bytes;
            long gate = memory.mixedGate.at(row) * Float.BYTES + head * bytes;
            MemorySegment.copy(memory.mixed.data(), from, queries.data(), query, bytes);
            MemorySegment.copy(memory.mixed.data(), from + bytes, memory.mixedGate.data(), gate, bytes);
        }
    }

    /** The result of attention times the logistic function of its gates, in place of these. */
    private void gate(ForwardPass pass, Rows results) {
        Rows gates = pass.memory.mixedGate;
        int width = heads * layout.valueDimension(layer);
        pass.forRows(pass.rows(), 8L * width, (from, to) -> {
            for (int row = from; row < to; row++) {
                pass.kernels.sigmoidMultiply(gates.data(), gates.at(row), results.data(), results.at(row), width);
            }
        });
    }

    private void prepare(ForwardPass pass, Rows queries, int row) {
        if (projections.gated()) {
            split(pass.memory, queries, row);
        }
        if (projections.bound() > 0) {
            queries.clamp(row, projections.bound());
            pass.memory.key.clamp(row, projections.bound());
            pass.memory.value.clamp(row, projections.bound());
        }
        if (norms != null && norms.order == Order.BEFORE_ROTATION) {
            normalize(norms, pass, queries, row);
        }
        if (rope != null) {
            rope.rotate(pass, queries, row, heads, keyDimension());
            rope.rotate(pass, pass.memory.key, row, kvHeads, keyDimension());
        }
        if (norms != null && norms.order == Order.AFTER_ROTATION) {
            normalize(norms, pass, queries, row);
        }
    }

    private void normalize(Norms norms, ForwardPass pass, Rows queries, int row) {
        norms.query.apply(pass.kernels, queries, row, heads * keyDimension());
        norms.key.apply(pass.kernels, pass.memory.key, row, kvHeads * keyDimension());
        if (norms.value != null) {
            norms.value.apply(pass.kernels, pass.memory.value, row, kvHeads * layout.valueDimension(layer));
        }
    }
}
