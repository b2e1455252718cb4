package org.llmspell.engine.layer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Rotary position embedding (Su et al. 2021): by which angle each pair of a head's elements turns at each position. All
 * scalings come down to one frequency per pair and one magnitude; a long-context model has a second set for contexts
 * beyond the one it was first trained for. Immutable.
 */
public final class RopeTable {
    private final int slot;
    private final boolean halves;
    private final Frequencies shortContext;
    private final @Nullable Frequencies longContext;
    private final int originalContext;

    /**
     * Angles per position.
     *
     * @param perPair radians per position of each pair of elements
     * @param magnitude multiplies cosines and sines
     */
    @SuppressWarnings("ArrayRecordComponent") // one or two per model, never compared
    public record Frequencies(double[] perPair, double magnitude) {}

    /**
     * A table.
     *
     * @param slot which of the pass's cosine and sine buffers it uses
     * @param halves true pairs element i with i + dimensions/2 (NeoX), false neighbours (the original)
     * @param shortContext used by sequences of at most {@code originalContext} tokens
     * @param longContext used by longer ones; null if they use the same
     */
    public RopeTable(
            int slot,
            boolean halves,
            Frequencies shortContext,
            @Nullable Frequencies longContext,
            int originalContext) {
        this.slot = slot;
        this.halves = halves;
        this.shortContext = shortContext;
        this.longContext = longContext;
        this.originalContext = originalContext;
    }

    int slot() {
        return slot;
    }

    /** Elements of a head that turn. */
    public int dimensions() {
        return 2 * shortContext.perPair.length;
    }

    boolean halves() {
        return halves;
    }

    /** Names the set that a context length uses: cached keys of different variants must not be shared. */
    public int variant(int contextLength) {
        return longContext != null && contextLength > originalContext ? 1 : 0;
    }

    /** The set that a context length uses. */
    public Frequencies frequencies(int contextLength) {
        return longContext != null && contextLength > originalContext ? longContext : shortContext;
    }

    /** Turns {@code count} heads of a row, {@code dimension} elements apart, in place. */
    void rotate(ForwardPass pass, Rows rows, int row, int count, int dimension) {
        Rows cos = pass.memory.cosines[slot];
        Rows sin = pass.memory.sines[slot];
        pass.kernels.rotate(
                rows.data(),
                rows.at(row),
                count,
                dimension,
                cos.data(),
                cos.at(row),
                sin.data(),
                sin.at(row),
                dimensions(),
                halves);
    }

    void write(int position, int contextLength, Rows cosines, Rows sines, int row) {
        Frequencies frequencies = frequencies(contextLength);
        MemorySegment cos = cosines.data();
        MemorySegment sin = sines.data();
        for (int pair = 0; pair < frequencies.perPair.length; pair++) {
            double angle = position * frequencies.perPair[pair];
            cos.setAtIndex(
                    ValueLayout.JAVA_FLOAT, cosines.at(row) + pair, (float) (Math.cos(angle) * frequencies.magnitude));
            sin.setAtIndex(
                    ValueLayout.JAVA_FLOAT, sines.at(row) + pair, (float) (Math.sin(angle) * frequencies.magnitude));
        }
    }
}
