package org.llmspell.engine.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.Generation;
import org.llmspell.engine.SamplingOptions;
import org.llmspell.engine.cache.LayerGroup;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.engine.grammar.BoundGrammar;
import org.llmspell.engine.layer.Activations;
import org.llmspell.engine.layer.Batch;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.engine.model.Model;
import org.llmspell.engine.schedule.Roster.Job;
import org.llmspell.engine.tokenizer.Tokenizer;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.WorkerPool;

/**
 * Runs one model's sequences together (continuous batching): each step is one forward pass over the next token of every
 * running sequence and as much of the waiting prompts as fits. {@link #generate} may be called from any thread, the rest
 * belongs to the {@link Scheduler}.
 */
public final class Batcher implements Steps, AutoCloseable {
    /** Rows of a pass: enough to reuse each weight many times, few enough that running replies do not stutter. */
    public static final int ROWS = 256;

    /** Sequences that run at once; more wait. */
    public static final int SEQUENCES = 16;

    /**
     * Replies and guesses in a pass from which on nothing more is guessed. So few tokens share each read of a weight, so that
     * guesses cost little, and every kernel computes them as it computes one alone; with more, some take other paths.
     */
    private static final int CHECKED_ROWS = 8;

    /** Tokens that may be guessed for one pass, at most. */
    public static final int DRAFTS = CHECKED_ROWS - 1;

    private final Model model;
    private final Tokenizer tokenizer;
    private final Scheduler scheduler;
    private final PagePool pages;
    private final Activations memory;
    private final Batch batch = new Batch(ROWS, SEQUENCES);
    private final ForwardPass pass;
    private final Roster roster;
    private final List<Part> parts = new ArrayList<>();
    /** Whether the cache can take back tokens: a recurrent state cannot. */
    private final boolean speculates;

    private volatile boolean closed;

    /** A sequence's share of the pass being built: its rows, guessed ones included, and the place of its first logits or −1. */
    private record Part(Job job, int rows, int drafted, int logits) {}

    /**
     * A batcher with its own memory.
     *
     * @param pages of this model's caches; belongs to the batcher from here on
     */
    public Batcher(
            Model model,
            Tokenizer tokenizer,
            Kernels kernels,
            WorkerPool workers,
            Scheduler scheduler,
            PagePool pages) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.scheduler = scheduler;
        this.pages = pages;
        this.memory = new Activations(model.widths(), ROWS, SEQUENCES);
        this.pass = new ForwardPass(kernels, workers, batch, memory);
        this.roster = new Roster(model, pages, SEQUENCES);
        this.speculates = pages.layout().groups().stream().noneMatch(group -> group.kind() == LayerGroup.Kind.STATE);
    }

    /**
     * Starts a generation.
     *
     * @param prompt at least one token, fewer than {@code contextLength}, all in the vocabulary
     * @param grammar of the reply, used on the scheduler's thread alone from here on; null for any text
     * @param draftTokens tokens that may be guessed for one pass, at most {@link #DRAFTS}; 0 for none. Ignored where the model has
     *     recurrent layers
     * @param whenEnded run once, on the scheduler's thread, when the generation holds nothing of the model any more
     * @throws EngineException of kind {@code INVALID_OPTION} if an option is out of range
     */
    public Generation generate(
            int[] prompt,
            SamplingOptions options,
            int contextLength,
            @Nullable BoundGrammar grammar,
            Set<Integer> shown,
            int draftTokens,
            Runnable whenEnded) {
        TokenStream stream = new TokenStream(System.nanoTime(), prompt.length, scheduler::wake);
        Sequence sequence = new Sequence(
                tokenizer, prompt, options, contextLength, grammar, shown, speculates ? draftTokens : 0, stream);
        roster.submit(new Job(sequence, whenEnded));
        if (closed) {
            stream.close();
        }
        scheduler.wake();
        return stream;
    }

    /**
     * Allows so many pages of the cache, by group of layers, nowhere fewer than before; takes effect before anything submitted later
     * is admitted.
     */
    public synchronized void raiseLimits(int[] limits) {
        if (!closed) {
            pages.raiseLimits(limits);
            roster.roomMade();
        }
    }

    /**
     * Allows so many pages, or as many as running sequences hold and were promised, if that is more, and frees those beyond. Waits for
     * a pass in progress.
     *
     * @return the limits from here on, by group of layers
     */
    public synchronized int[] lowerLimits(int[] limits) {
        return closed ? new int[limits.length] : pages.lowerLimits(limits);
    }

    @Override
    public boolean step() {
        List<Runnable> ended;
        boolean worked;
        synchronized (this) {
            worked = !closed && advance();
            ended = roster.endings();
        }
        ended.forEach(Runnable::run); // may close this batcher
        return worked;
    }

    private boolean advance() {
        roster.update();
        roster.secure();
        build();
        if (parts.isEmpty()) {
            return false;
        }
        if (runPass()) {
            for (Part part : parts) {
                complete(part);
            }
        }
        roster.reap();
        return true;
    }

    /** Running replies first, each with a guess if there is time for it; then prompts, of which short ones need not wait for long ones. */
    private void build() {
        parts.clear();
        batch.clear(this::abandoned);
        List<Job> replying = new ArrayList<>();
        List<Job> reading = new ArrayList<>();
        for (Job job : roster.running()) {
            if (!job.sequence().stream().full()) {
                (job.sequence().uncomputed() == 1 ? replying : reading).add(job);
            }
        }
        int spare = Math.max(0, CHECKED_ROWS - replying.size() - reading.size());
        for (int i = 0; i < replying.size(); i++) {
            int drafted = draft(replying.get(i), spare / (replying.size() - i));
            spare -= drafted;
            add(replying.get(i), drafted);
        }
        int half = batch.room() / 2;
        List<Job> later = new ArrayList<>();
        for (Job job : reading) {
            int rows = job.sequence().uncomputed();
            if (rows <= half) {
                half -= rows;
                add(job, 0);
            } else {
                later.add(job);
            }
        }
        later.forEach(job -> add(job, 0));
    }

    /** Guesses up to {@code most} tokens of a reply, for which there must be pages that nobody else has. */
    private static int draft(Job job, int most) {
        Sequence sequence = job.sequence();
        int drafted = sequence.draft(most);
        return drafted > 0 && sequence.cache().grow(sequence.length() + drafted) ? drafted : 0;
    }

    private void add(Job job, int drafted) {
        Sequence sequence = job.sequence();
        int rows = Math.min(sequence.uncomputed() + drafted, batch.room());
        if (rows == 0) {
            return;
        }
        SequenceCache cache = sequence.cache();
        int wanted = rows == sequence.uncomputed() + drafted ? 1 + drafted : 0;
        int from = cache.length();
        try {
            cache.append(sequence.tokens(), from, rows);
        } catch (OutOfMemoryError e) {
            sequence.fail(new EngineException(
                    Problem.OUT_OF_MEMORY,
                    "Failed to allocate tensor: no memory for more of the conversation after " + from + " tokens",
                    List.of("Use a smaller context length or a smaller model", "Close other programs")));
            return;
        }
        int place = batch.add(cache, sequence.tokens(), from, rows, wanted, sequence.contextLength());
        parts.add(new Part(job, rows, drafted, wanted > 0 ? place : -1));
    }

    /** Whether everybody in the pass has gone; asked between layers. */
    private boolean abandoned() {
        if (closed) {
            return true;
        }
        for (Part part : parts) {
            if (!part.job.sequence().stream().closed()) {
                return false;
            }
        }
        return true;
    }

    /** The pass; if it fails for several sequences together, each is tried alone in the next steps. */
    private boolean runPass() {
        try {
            if (model.forward(pass)) {
                return true;
            }
            undo();
            return false;
        } catch (RuntimeException | OutOfMemoryError | InternalError e) {
            undo();
            if (parts.size() == 1) {
                parts.getFirst().job.sequence().fail(failure(e));
            } else {
                runAlone();
            }
            return false;
        }
    }

    private void undo() {
        for (Part part : parts) {
            part.job.sequence().cache().rollback(part.rows);
        }
    }

    private void runAlone() {
        for (Part together : List.copyOf(parts)) {
            parts.clear();
            batch.clear(this::abandoned);
            add(together.job, 0);
            if (!parts.isEmpty() && runPass()) {
                complete(parts.getFirst());
            }
        }
        parts.clear();
    }

    private void complete(Part part) {
        Sequence sequence = part.job.sequence();
        int accepted = part.drafted;
        if (part.logits >= 0 && !sequence.stream().closed()) {
            try {
                accepted = sequence.advance(
                        memory.logits.data(),
                        memory.logits.at(part.logits) * Float.BYTES,
                        (long) memory.logits.columns() * Float.BYTES,
                        part.drafted);
            } catch (EngineException e) {
                sequence.fail(e);
                return;
            } catch (RuntimeException e) {
                sequence.fail(failure(e));
                return;
            }
        }
        sequence.cache().commit(part.drafted - accepted);
    }

    private static EngineException failure(Throwable e) {
        EngineException failure = new EngineException(
                Problem.BROKEN_MODEL, "The model could not be computed: " + e, List.of("Fetch the model again"));
        failure.initCause(e);
        return failure;
    }

    /** Pages that have memory, in use or kept, by group of layers. */
    public synchronized int[] pagesAllocated() {
        return pages.allocated();
    }

    /** Bytes of the pages that have memory; any thread may ask, and does not wait. */
    public long cacheBytes() {
        return pages.allocatedBytes();
    }

    /** Pages that sequences hold or have been promised: 0 when nothing runs. */
    public synchronized int pagesInUse() {
        return pages.inUse() + pages.reserved();
    }

    /** Cancels everything and frees the memory; waits for a pass in progress, which ends at its next layer. */
    @Override
    public void close() {
        boolean first = !closed;
        closed = true;
        synchronized (this) {
            if (!first) {
                return;
            }
            roster.close();
            pages.close();
            memory.close();
        }
    }
}
