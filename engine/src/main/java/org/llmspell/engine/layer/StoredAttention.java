package org.llmspell.engine.layer;

import org.llmspell.engine.cache.KvLayout;

/**
 * Self-attention with queries of its own over the keys and values that an earlier layer has cached (Brandon et al. 2024), as in
 * the last layers of Gemma 3n and the small Gemma 4.
 *
 * @param owner number of the layer whose keys and values these are
 * @param heads query heads
 * @param kvHeads key-value heads, a divisor of {@code heads}
 * @param layout of the cache, which knows the head dimensions
 * @param query {@code [heads · keyDimension][embedding]}
 * @param output {@code [embedding][heads · valueDimension]}
 * @param norm of queries, before the rotation
 * @param rope the rotation
 * @param scores how they are formed
 */
public record StoredAttention(
        int owner,
        int heads,
        int kvHeads,
        KvLayout layout,
        Linear query,
        Linear output,
        QueryKeyNorm norm,
        RopeTable rope,
        Scores scores)
        implements TokenMixer {

    @Override
    public KvLayout.Layer kept(int contextLength) {
        return KvLayout.Layer.NOTHING;
    }

    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        CachedAttention cached = new CachedAttention(owner, heads, kvHeads, layout, scores);
        Rows queries = cached.query(pass.memory);
        int dimension = layout.keyDimension(owner);
        query.apply(pass, in, queries);
        cached.applyStored(pass, (row, position) -> {
            norm.apply(pass.kernels, queries, row, heads * dimension);
            rope.rotate(pass, queries, row, heads, dimension);
        });
        output.apply(pass, cached.attended(pass.memory), out);
    }
}
