package org.llmspell.engine.schedule;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.Generation;
import org.llmspell.engine.SamplingOptions;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.engine.grammar.BoundGrammar;
import org.llmspell.engine.layer.Activations;
import org.llmspell.engine.layer.Batch;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.engine.model.Model;
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

    private final Model model;
    private final Tokenizer tokenizer;
    private final Scheduler scheduler;
    private final PagePool pages;
    private final Activations memory;
    private final Batch batch = new Batch(ROWS, SEQUENCES);
    private final ForwardPass pass;
    private final Queue<Job> submitted = new ConcurrentLinkedQueue<>();
    private final ArrayDeque<Job> waiting = new ArrayDeque<>();
    private final List<Job> running = new ArrayList<>();
    private final List<Part> parts = new ArrayList<>();
    private final List<Runnable> endings = new ArrayList<>();
    private volatile boolean closed;

    /** A sequence and what to do when it has ended. */
    private record Job(Sequence sequence, Runnable whenEnded) {}

    /** A sequence's share of the pass being built: its rows, and the place of its logits or −1. */
    private record Part(Job job, int rows, int logits) {}

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
    }

    /**
     * Starts a generation.
     *
     * @param prompt at least one token, fewer than {@code contextLength}, all in the vocabulary
     * @param grammar of the reply, used on the scheduler's thread alone from here on; null for any text
     * @param whenEnded run once, on the scheduler's thread, when the generation holds nothing of the model any more
     * @throws EngineException of kind {@code INVALID_OPTION} if an option is out of range
     */
    public Generation generate(
            int[] prompt,
            SamplingOptions options,
            int contextLength,
            @Nullable BoundGrammar grammar,
            Set<Integer> shown,
            Runnable whenEnded) {
        TokenStream stream = new TokenStream(System.nanoTime(), prompt.length, scheduler::wake);
        Sequence sequence = new Sequence(tokenizer, prompt, options, contextLength, grammar, shown, stream);
        submitted.add(new Job(sequence, whenEnded));
        if (closed) {
            stream.close();
        }
        scheduler.wake();
        return stream;
    }

    /** Lets a sequence of {@code contextLength} tokens fit; takes effect before anything submitted later is admitted. */
    public synchronized void allowContext(int contextLength) {
        pages.makeRoom(contextLength);
    }

    @Override
    public boolean step() {
        List<Runnable> ended;
        boolean worked;
        synchronized (this) {
            worked = !closed && advance();
            ended = List.copyOf(endings);
            endings.clear();
        }
        ended.forEach(Runnable::run); // may close this batcher
        return worked;
    }

    private boolean advance() {
        admit();
        reap();
        build();
        if (parts.isEmpty()) {
            return false;
        }
        if (runPass()) {
            for (Part part : parts) {
                complete(part);
            }
        }
        reap();
        return true;
    }

    private void admit() {
        for (Job job = submitted.poll(); job != null; job = submitted.poll()) {
            waiting.add(job);
        }
        waiting.removeIf(job -> {
            boolean gone = job.sequence.stream().closed();
            if (gone) {
                end(job);
            }
            return gone;
        });
        while (!waiting.isEmpty() && running.size() < SEQUENCES) {
            Sequence sequence = waiting.element().sequence;
            if (sequence.capacity() == sequence.length()) {
                sequence.finish(FinishReason.LENGTH); // max_tokens is 0
                end(waiting.remove());
                continue;
            }
            SequenceCache cache =
                    pages.admit(model.cacheVariant(sequence.contextLength()), sequence.prompt(), sequence.capacity());
            if (cache == null) {
                return;
            }
            sequence.admitted(cache);
            running.add(waiting.remove());
        }
    }

    /** Lets go of sequences that have ended or been closed. */
    private void reap() {
        running.removeIf(job -> {
            boolean gone = job.sequence.ended() || job.sequence.stream().closed();
            if (gone) {
                end(job);
            }
            return gone;
        });
    }

    private void end(Job job) {
        job.sequence.release();
        endings.add(job.whenEnded);
    }

    private void build() {
        parts.clear();
        batch.clear(this::abandoned);
        for (Job job : running) {
            if (job.sequence.uncomputed() == 1) {
                add(job);
            }
        }
        for (Job job : running) {
            if (job.sequence.uncomputed() > 1) {
                add(job);
            }
        }
    }

    private void add(Job job) {
        Sequence sequence = job.sequence;
        int rows = Math.min(sequence.uncomputed(), batch.room());
        if (rows == 0 || sequence.stream().full()) {
            return;
        }
        SequenceCache cache = sequence.cache();
        int wanted = rows == sequence.uncomputed() ? 1 : 0;
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
        parts.add(new Part(job, rows, wanted == 1 ? place : -1));
    }

    /** Whether everybody in the pass has gone; asked between layers. */
    private boolean abandoned() {
        if (closed) {
            return true;
        }
        for (Part part : parts) {
            if (!part.job.sequence.stream().closed()) {
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
                parts.getFirst().job.sequence.fail(failure(e));
            } else {
                runAlone();
            }
            return false;
        }
    }

    private void undo() {
        for (Part part : parts) {
            part.job.sequence.cache().rollback(part.rows);
        }
    }

    private void runAlone() {
        for (Part together : List.copyOf(parts)) {
            parts.clear();
            batch.clear(this::abandoned);
            add(together.job);
            if (!parts.isEmpty() && runPass()) {
                complete(parts.getFirst());
            }
        }
        parts.clear();
    }

    private void complete(Part part) {
        Sequence sequence = part.job.sequence;
        sequence.cache().commit();
        if (part.logits < 0 || sequence.stream().closed()) {
            return;
        }
        try {
            sequence.advance(memory.logits.data(), memory.logits.at(part.logits) * Float.BYTES);
        } catch (EngineException e) {
            sequence.fail(e);
        } catch (RuntimeException e) {
            sequence.fail(failure(e));
        }
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
            for (Job job = submitted.poll(); job != null; job = submitted.poll()) {
                waiting.add(job);
            }
            waiting.addAll(running);
            running.clear();
            for (Job job : waiting) {
                job.sequence.stream().close();
                job.sequence.release();
            }
            waiting.clear();
            pages.close();
            memory.close();
        }
    }
}
