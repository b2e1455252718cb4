package org.llmspell.engine.layer;

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

    @Override
    public KvLayout.Layer kept(int contextLength) {
        int window = scores.window();
        return layout.layers().get(layer).withWindow(window < contextLength ? window : KvLayout.UNBOUNDED);
    }

    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        Activations memory = pass.memory;
        Linear[] inputs = {projections.query(), projections.key(), projections.value()};
        Linear.run(pass, in, pass.rows(), inputs, new Rows[] {memory.query, memory.key, memory.value});
        cached().apply(pass, (row, position) -> prepare(pass, row));
        projections.output().apply(pass, memory.attended, out);
    }

    private CachedAttention cached() {
        return new CachedAttention(layer, heads, kvHeads, layout, scores);
    }

    private void prepare(ForwardPass pass, int row) {
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
}
