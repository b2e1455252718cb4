package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.WeightMatrix;

/**
 * Multi-head latent attention (DeepSeek-AI 2024, V2): all keys and values of a token come from one short latent vector and one
 * rotated key that all heads share, and these are what the cache holds. A head's key product is absorbed into its query, so that
 * attention works on the latent vectors as they are, as on one key-value head; its value product comes after attention.
 *
 * @param layer its number, which finds its part of the cache
 * @param heads query heads
 * @param layout of the cache: a key is {@code latent} elements and the rotated ones, a value the {@code latent} elements
 * @param queryDown {@code [rank][embedding]}, or null where queries come straight from the input
 * @param queryNorm of what {@code queryDown} makes; null without it
 * @param query {@code [heads · (plain + rotated)][rank or embedding]}
 * @param latent {@code [latent + rotated][embedding]}
 * @param latentNorm of the latent vector
 * @param keys per head {@code [latent][plain]}: multiplied with a query in place of its transpose with the latent vector
 * @param values per head {@code [values][latent]}
 * @param output {@code [embedding][heads · values]}
 * @param rope of the elements of query and key that turn, the last ones
 * @param scores how they are formed
 */
public record LatentAttention(
        int layer,
        int heads,
        KvLayout layout,
        @Nullable Linear queryDown,
        @Nullable Norm queryNorm,
        Linear query,
        Linear latent,
        Norm latentNorm,
        List<WeightMatrix> keys,
        List<WeightMatrix> values,
        Linear output,
        RopeTable rope,
        Scores scores)
        implements TokenMixer {

    @Override
    public KvLayout.Layer kept(int contextLength) {
        return layout.layers().get(layer);
    }

    /** Elements of a query head, before its key product is absorbed. */
    private int headDimension() {
        return keys.getFirst().columns() + rope.dimensions();
    }

    private int latentDimension() {
        return keys.getFirst().rows();
    }

    private int valueDimension() {
        return values.getFirst().rows();
    }

    @Override
    public Widths.Recurrent recurrentWidths() {
        int rank = queryDown == null ? 0 : queryDown.weights().rows();
        return new Widths.Recurrent(rank, heads * headDimension(), heads * valueDimension(), 0);
    }

    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        Activations memory = pass.memory;
        Rows rank = memory.mixed;
        Rows queries = memory.mixedGate;
        Rows results = memory.mixedOut;
        if (queryDown == null) {
            Linear.run(pass, in, pass.rows(), new Linear[] {query, latent}, new Rows[] {queries, memory.key});
        } else {
            Linear.run(pass, in, pass.rows(), new Linear[] {queryDown, latent}, new Rows[] {rank, memory.key});
            if (queryNorm != null) {
                queryNorm.apply(pass, rank, rank);
            }
            query.apply(pass, rank, queries);
        }
        int keyDimension = latentDimension() + rope.dimensions();
        perHead(pass, keys, queries, headDimension(), memory.query, keyDimension);
        new CachedAttention(layer, heads, 1, layout, scores).apply(pass, (row, position) -> prepare(pass, row));
        perHead(pass, values, memory.attended, latentDimension(), results, valueDimension());
        output.apply(pass, results, out);
    }

    /**
     * A product of its own for each head: {@code out[row][head] = matrices[head] · in[row][head]}.
     *
     * @param inWidth elements from one head to the next
     */
    private void perHead(ForwardPass pass, List<WeightMatrix> matrices, Rows in, int inWidth, Rows out, int outWidth) {
        int rows = pass.rows();
        int outputs = matrices.getFirst().rows();
        pass.forRows(heads, 2L * rows * outputs * matrices.getFirst().columns(), (from, to) -> {
            for (int head = from; head < to; head++) {
                pass.kernels.multiply(
                        matrices.get(head),
                        0,
                        outputs,
                        in.data(),
                        (long) head * inWidth,
                        in.columns(),
                        rows,
                        out.data(),
                        (long) head * outWidth,
                        out.columns());
            }
        });
    }

    /** Norm of the latent vector, rotation of query and key, the value. */
    private void prepare(ForwardPass pass, int row) {
        Kernels kernels = pass.kernels;
        Activations memory = pass.memory;
        Rows queries = memory.mixedGate;
        int dimension = latentDimension();
        int turning = rope.dimensions();
        for (int head = 0; head < heads; head++) {
            long from = queries.at(row) + (long) (head + 1) * headDimension() - turning;
            long to = memory.query.at(row) + (long) (head + 1) * (dimension + turning) - turning;
            MemorySegment.copy(
                    queries.data(),
                    from * Float.BYTES,
                    memory.query.data(),
                    to * Float.BYTES,
                    (long) turning * Float.BYTES);
            rotate(pass, memory.query, to, row);
        }
        MemorySegment key = memory.key.data();
        long at = memory.key.at(row);
        rotate(pass, memory.key, at + dimension, row);
        latentNorm.normalize(kernels, key, at, key, at, dimension);
        MemorySegment.copy(
                key,
                at * Float.BYTES,
                memory.value.data(),
                memory.value.at(row) * Float.BYTES,
                (long) dimension * Float.BYTES);
    }

    private void rotate(ForwardPass pass, Rows rows, long index, int row) {
        Rows cos = pass.memory.cosines[rope.slot()];
        Rows sin = pass.memory.sines[rope.slot()];
        pass.kernels.rotate(
                rows.data(),
                index,
                1,
                0,
                cos.data(),
                cos.at(row),
                sin.data(),
                sin.at(row),
                rope.dimensions(),
                rope.halves());
    }
}
