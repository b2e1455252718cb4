package org.llmspell.engine.layer;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.llmspell.engine.cache.SequenceCache;

/**
 * What one forward pass computes: rows of tokens from one or more sequences, and for which of them logits are wanted.
 * Filled by one thread, then read by all workers; reused from pass to pass.
 */
public final class Batch {
    /**
     * Consecutive tokens of one sequence, whose places in the cache are there already.
     *
     * @param firstRow its first row in the batch
     * @param rows how many tokens
     * @param firstPosition position of the first token in the sequence
     * @param contextLength tokens of context that the sequence may grow to (some rotary scalings depend on it)
     */
    public record Slice(SequenceCache cache, int firstRow, int rows, int firstPosition, int contextLength) {}

    private final int[] tokens;
    private final int[] positions;
    private final int[] contextLengths;
    private final int[] logitRows;
    private final List<Slice> slices = new ArrayList<>();
    private BooleanSupplier abandoned = () -> false;
    private int rows;
    private int logits;

    /**
     * An empty batch.
     *
     * @param capacity the most rows
     * @param logitCapacity the most rows with logits
     */
    public Batch(int capacity, int logitCapacity) {
        tokens = new int[capacity];
        positions = new int[capacity];
        contextLengths = new int[capacity];
        logitRows = new int[logitCapacity];
    }

    /** Empties the batch; {@code abandoned} says, asked between layers, that nobody waits for the results any more. */
    public void clear(BooleanSupplier abandoned) {
        this.abandoned = abandoned;
        slices.clear();
        rows = 0;
        logits = 0;
    }

    /**
     * Adds {@code count} tokens, which {@code cache} has already made room for at its end.
     *
     * @param wantedLogits for how many of them, counted from the last, logits are wanted
     * @return the place of the first of those logits
     */
    public int add(SequenceCache cache, int[] source, int from, int count, int wantedLogits, int contextLength) {
        int first = cache.length() - count;
        slices.add(new Slice(cache, rows, count, first, contextLength));
        for (int i = 0; i < count; i++) {
            tokens[rows + i] = source[from + i];
            positions[rows + i] = first + i;
            contextLengths[rows + i] = contextLength;
        }
        rows += count;
        int place = logits;
        for (int row = rows - wantedLogits; row < rows; row++) {
            logitRows[logits++] = row;
        }
        return place;
    }

    public int rows() {
        return rows;
    }

    /** How many more rows fit. */
    public int room() {
        return tokens.length - rows;
    }

    public int logits() {
        return logits;
    }

    public List<Slice> slices() {
        return slices;
    }

    boolean abandoned() {
        return abandoned.getAsBoolean();
    }

    int token(int row) {
        return tokens[row];
    }

    int position(int row) {
        return positions[row];
    }

    int contextLength(int row) {
        return contextLengths[row];
    }

    int logitRow(int place) {
        return logitRows[place];
    }
}
