package org.llmspell.engine.speed;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.cache.LayerGroup;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.engine.layer.Activations;
import org.llmspell.engine.layer.Batch;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.engine.layer.Widths;
import org.llmspell.engine.model.Model;
import org.llmspell.engine.schedule.Batcher;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.WorkerPool;

/**
 * Takes given tokens of one sequence through a model in passes as large as the {@link Batcher}'s and without sampling: the
 * computing alone, to be timed. Used by one thread.
 */
public final class PassRunner implements AutoCloseable {
    /** Tokens of a pass with logits: a reply's next and the guesses behind it. */
    private static final int MOST_LOGITS = 1 + Batcher.DRAFTS;

    private final Model model;
    private final PagePool pages;
    private final int contextLength;
    private final BooleanSupplier abandoned;
    private final Batch batch = new Batch(Batcher.ROWS, MOST_LOGITS);
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
        memory = new Activations(model.widths(), Batcher.ROWS, MOST_LOGITS);
        pass = new ForwardPass(kernels, workers, batch, memory);
    }

    /** The memory of its passes in bytes, without the cache. */
    public static long bytes(Widths widths) {
        return widths.bytes(Batcher.ROWS, MOST_LOGITS);
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
     * Computes the next tokens of the sequence, with logits for the last.
     *
     * @throws CancellationException if it was abandoned
     */
    public void compute(int[] tokens) {
        compute(begun(), tokens, 0);
    }

    /**
     * Computes the next tokens in one pass with logits for each, as a guess is checked, and keeps the first {@code kept} of them.
     *
     * @param tokens at most {@code 1 + }{@link Batcher#DRAFTS}
     * @param kept from 1 to all
     * @throws IllegalArgumentException if one of these is out of range
     * @throws IllegalStateException if some are not to be kept and the model has recurrent layers
     * @throws CancellationException if it was abandoned
     */
    public void check(int[] tokens, int kept) {
        if (tokens.length > MOST_LOGITS || kept < 1 || kept > tokens.length) {
            throw new IllegalArgumentException(kept + " of " + tokens.length + " tokens to keep");
        }
        if (kept < tokens.length
                && pages.layout().groups().stream().anyMatch(group -> group.kind() == LayerGroup.Kind.STATE)) {
            throw new IllegalStateException("the state of a recurrent layer cannot forget tokens");
        }
        pass(begun(), tokens, 0, tokens.length, tokens.length, tokens.length - kept);
    }

    private SequenceCache begun() {
        if (cache == null) {
            throw new IllegalStateException("no sequence has begun");
        }
        return cache;
    }

    private void compute(SequenceCache sequence, int[] tokens, int from) {
        for (int done = from; done < tokens.length; ) {
            int rows = Math.min(tokens.length - done, Batcher.ROWS);
            pass(sequence, tokens, done, rows, done + rows == tokens.length ? 1 : 0, 0);
            done += rows;
        }
    }

    private void pass(SequenceCache sequence, int[] tokens, int from, int rows, int logits, int rejected) {
        batch.clear(abandoned);
        sequence.append(tokens, from, rows);
        batch.add(sequence, tokens, from, rows, logits, contextLength);
        if (!model.forward(pass)) {
            sequence.rollback(rows);
            throw new CancellationException("the passes were cancelled");
        }
        sequence.commit(rejected);
    }

    /** The logits after the last token of {@link #compute}, of each token in the vocabulary. */
    public float[] logits() {
        return logits(0);
    }

    /** The logits after the token at {@code place} of those that the last pass had logits for, of each token in the vocabulary. */
    public float[] logits(int place) {
        long row = memory.logits.at(place) * Float.BYTES;
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
