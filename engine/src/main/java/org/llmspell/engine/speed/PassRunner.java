package org.llmspell.engine.speed;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.engine.layer.Activations;
import org.llmspell.engine.layer.Batch;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.engine.model.Model;
import org.llmspell.engine.schedule.Batcher;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.WorkerPool;

/**
 * Takes given tokens of one sequence through a model in passes as large as the {@link Batcher}'s, with logits for the last token
 * and no sampling: the computing alone, to be timed. Used by one thread.
 */
public final class PassRunner implements AutoCloseable {
    private final Model model;
    private final PagePool pages;
    private final int contextLength;
    private final BooleanSupplier abandoned;
    private final Batch batch = new Batch(Batcher.ROWS, 1);
    private final Activations memory;
    private final ForwardPass pass;
    private @Nullable SequenceCache cache;

    /**
     * A runner with its own memory.
     *
     * @param pages enough for a sequence of {@code contextLength} tokens; belongs to the runner from here on. If they are shared
     *     by prefix, a past that was computed before is found again
     * @param contextLength the most tokens of a sequence
     * @param abandoned asked between layers whether to stop
     */
    public PassRunner(
            Model model,
            Kernels kernels,
            WorkerPool workers,
            PagePool pages,
            int contextLength,
            BooleanSupplier abandoned) {
        this.model = model;
        this.pages = pages;
        this.contextLength = contextLength;
        this.abandoned = abandoned;
        memory = new Activations(model.widths(), Batcher.ROWS, 1);
        pass = new ForwardPass(kernels, workers, batch, memory);
    }

    /**
     * Begins a new sequence with {@code past}.
     *
     * @throws CancellationException if it was abandoned
     */
    public void begin(int[] past) {
        end();
        // The pool leaves the last token of a prompt to be computed: one more lets it find all of the past.
        int[] prompt = Arrays.copyOf(past, past.length + 1);
        SequenceCache begun = pages.admit(model.cacheVariant(contextLength), prompt, contextLength);
        if (begun == null) {
            throw new IllegalStateException("no pages for " + contextLength + " tokens");
        }
        cache = begun;
        compute(begun, past, begun.length());
    }

    /**
     * Computes the next tokens of the sequence.
     *
     * @throws CancellationException if it was abandoned
     */
    public void compute(int[] tokens) {
        if (cache == null) {
            throw new IllegalStateException("no sequence has begun");
        }
        compute(cache, tokens, 0);
    }

    private void compute(SequenceCache sequence, int[] tokens, int from) {
        for (int done = from; done < tokens.length; ) {
            int rows = Math.min(tokens.length - done, Batcher.ROWS);
            boolean last = done + rows == tokens.length;
            batch.clear(abandoned);
            sequence.append(tokens, done, rows);
            batch.add(sequence, tokens, done, rows, last ? 1 : 0, contextLength);
            if (!model.forward(pass)) {
                sequence.rollback(rows);
                throw new CancellationException("the passes were cancelled");
            }
            sequence.commit();
            done += rows;
        }
    }

    /** The logits after the last token computed, of each token in the vocabulary. */
    public float[] logits() {
        long row = memory.logits.at(0) * Float.BYTES;
        return memory.logits
                .data()
                .asSlice(row, (long) memory.logits.columns() * Float.BYTES)
                .toArray(ValueLayout.JAVA_FLOAT);
    }

    /** Tokens of the sequence so far. */
    public int length() {
        return cache == null ? 0 : cache.length();
    }

    /** Of these, the first that {@link #begin} found computed already. */
    public int found() {
        return cache == null ? 0 : cache.cachedTokens();
    }

    private void end() {
        if (cache != null) {
            cache.close();
            cache = null;
        }
    }

    /** Frees the memory. */
    @Override
    public void close() {
        end();
        pages.close();
        memory.close();
    }
}
