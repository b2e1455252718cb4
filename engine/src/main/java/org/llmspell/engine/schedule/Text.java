package org.llmspell.engine.schedule;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.Pooling;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.Rows;
import org.llmspell.engine.model.Model;
import org.llmspell.kernels.Kernels;

/** A text on its way through an {@link Embedder}: its tokens, how many are computed, and what was read of them. Not thread-safe. */
final class Text {
    private final int[] tokens;
    private final Pooling pooling;
    private float @Nullable [][] vectors;
    private @Nullable SequenceCache cache;
    private int computed;
    private int firstRow;
    private int rows;

    Text(int[] tokens, Pooling pooling) {
        this.tokens = tokens;
        this.pooling = pooling;
    }

    boolean done() {
        return computed == tokens.length;
    }

    /** Its vectors, once it is {@link #done}. */
    float[][] vectors() {
        if (vectors == null) {
            throw new IllegalStateException("nothing of the text is computed");
        }
        return vectors;
    }

    /** Adds what fits of the tokens to the pass that is being built; false if that is nothing. */
    boolean enter(Embedder.Space space, Model model) {
        int missing = tokens.length - computed;
        rows = Math.min(missing, space.batch.room());
        if (rows == 0 || (rows < missing && !model.generates())) {
            return false;
        }
        if (cache == null) {
            cache = space.pages.admit(model.cacheVariant(tokens.length), tokens, tokens.length);
            if (cache == null) {
                return false;
            }
        }
        firstRow = space.batch.rows();
        cache.append(tokens, computed, rows);
        space.batch.add(cache, tokens, computed, rows, 0, tokens.length);
        return true;
    }

    /** Takes in the states of its tokens after a pass. */
    void read(Rows states, List<Linear> projections, Kernels kernels) {
        if (vectors == null) {
            vectors = new float[pooling == Pooling.NONE ? tokens.length : 1][states.columns()];
        }
        for (int i = 0; i < rows; i++) {
            int position = computed + i;
            switch (pooling) {
                case MEAN -> add(states, firstRow + i, vectors[0]);
                case CLS -> copy(states, firstRow + i, vectors[0], position == 0);
                case LAST -> copy(states, firstRow + i, vectors[0], position == tokens.length - 1);
                case NONE -> copy(states, firstRow + i, vectors[position], true);
            }
        }
        if (cache != null) {
            cache.commit();
        }
        computed += rows;
        if (done()) {
            release();
            for (int i = 0; i < vectors.length; i++) {
                vectors[i] = pooling == Pooling.NONE ? vectors[i] : project(vectors[i], projections, kernels);
            }
        }
    }

    private void add(Rows states, int row, float[] sum) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += states.data().getAtIndex(ValueLayout.JAVA_FLOAT, states.at(row) + i) / tokens.length;
        }
    }

    private static void copy(Rows states, int row, float[] target, boolean wanted) {
        if (wanted) {
            MemorySegment.copy(
                    states.data(), ValueLayout.JAVA_FLOAT, states.at(row) * Float.BYTES, target, 0, target.length);
        }
    }

    private static float[] project(float[] vector, List<Linear> projections, Kernels kernels) {
        float[] in = vector;
        for (Linear layer : projections) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment source = arena.allocate((long) in.length * Float.BYTES, 64);
                MemorySegment.copy(in, 0, source, ValueLayout.JAVA_FLOAT, 0, in.length);
                int outputs = layer.weights().rows();
                MemorySegment out = arena.allocate((long) outputs * Float.BYTES, 64);
                kernels.multiply(layer.weights(), 0, outputs, source, 0, in.length, 1, out, 0, outputs);
                if (layer.bias() != null) {
                    kernels.add(out, 0, layer.bias(), 0, outputs);
                }
                in = out.toArray(ValueLayout.JAVA_FLOAT);
            }
        }
        return in;
    }

    /** Gives its cache back. */
    void release() {
        if (cache != null) {
            cache.close();
            cache = null;
        }
    }
}
