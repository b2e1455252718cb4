package org.llmspell.engine.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.Pooling;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.LayerGroup;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.layer.Activations;
import org.llmspell.engine.layer.Batch;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.engine.model.Model;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.WorkerPool;

/**
 * Embeds texts with one model: each step is one forward pass over as many tokens of the texts as fit. Encoders see a text whole,
 * so that their passes are as long as the longest text; other models read long texts piece by piece. {@link #embed} may be called
 * from any thread, the rest belongs to the {@link Scheduler}. Memory is taken with the first text, and grows with longer ones; {@link
 * #giveBack} frees it.
 */
public final class Embedder implements Steps, AutoCloseable {
    private final Model model;
    private final Kernels kernels;
    private final WorkerPool workers;
    private final Scheduler scheduler;
    private final Queue<Request> submitted = new ConcurrentLinkedQueue<>();
    private @Nullable Request current;
    private volatile @Nullable Space space;
    private volatile boolean closed;

    public Embedder(Model model, Kernels kernels, WorkerPool workers, Scheduler scheduler) {
        this.model = model;
        this.kernels = kernels;
        this.workers = workers;
        this.scheduler = scheduler;
    }

    /** Rows of the passes that embed texts of up to {@code longest} tokens. */
    public static int rows(Model model, int longest) {
        return model.generates() ? Batcher.ROWS : Math.max(Batcher.ROWS, longest);
    }

    /** Pages of the caches, by group of layers, for passes over texts of up to {@code longest} tokens. */
    public static int[] pages(Model model, int longest) {
        // Of texts shorter than a page as many are in a pass as it has rows for.
        int rows = rows(model, longest);
        List<LayerGroup> groups = model.cacheLayout().groups();
        return groups.stream()
                .mapToInt(group -> group.need(longest, rows) + Sequences.MOST * group.need(KvLayout.PAGE_TOKENS, rows))
                .toArray();
    }

    /** Bytes of all that embedding texts of up to {@code longest} tokens takes. */
    public static long bytes(Model model, int longest) {
        long bytes = model.widths().bytes(rows(model, longest), 0);
        List<LayerGroup> groups = model.cacheLayout().groups();
        int[] pages = pages(model, longest);
        for (int group = 0; group < pages.length; group++) {
            bytes += pages[group] * groups.get(group).pageBytes();
        }
        return bytes;
    }

    /** How many texts are in a pass at most. */
    private static final class Sequences {
        static final int MOST = 32;
    }

    /**
     * Embeds texts, each on its own.
     *
     * @param texts the tokens of each, at least one
     * @return for each text one vector, or with {@link Pooling#NONE} one for each token; not normalized. Fails with an
     *     {@link EngineException}; cancelling it stops the work before the next layer.
     */
    public CompletableFuture<float[][][]> embed(List<int[]> texts, Pooling pooling) {
        Request request = new Request(texts, pooling);
        submitted.add(request);
        if (closed) {
            request.answer.cancel(false);
        }
        scheduler.wake();
        return request.answer;
    }

    /** What one call asked for, and how far it is. */
    private static final class Request {
        private final List<Text> texts = new ArrayList<>();
        private final CompletableFuture<float[][][]> answer = new CompletableFuture<>();
        private final int longest;

        Request(List<int[]> texts, Pooling pooling) {
            int most = 1;
            for (int[] tokens : texts) {
                this.texts.add(new Text(tokens, pooling));
                most = Math.max(most, tokens.length);
            }
            longest = most;
        }

        boolean done() {
            return texts.stream().allMatch(Text::done);
        }
    }

    @Override
    public synchronized boolean step() {
        if (closed) {
            return false;
        }
        if (current == null || current.answer.isDone()) {
            finish();
            current = submitted.poll();
        }
        Request request = current;
        if (request == null) {
            return false;
        }
        try {
            advance(request);
            if (request.done()) {
                request.answer.complete(
                        request.texts.stream().map(Text::vectors).toArray(float[][][]::new));
            }
        } catch (OutOfMemoryError e) {
            fail(request, Problem.OUT_OF_MEMORY, "Failed to allocate tensor: no memory to embed a text", e);
        } catch (RuntimeException | InternalError e) {
            fail(request, Problem.BROKEN_MODEL, "The model could not be computed: " + e, e);
        }
        return true;
    }

    private static void fail(Request request, Problem problem, String message, Throwable cause) {
        EngineException failure = cause instanceof EngineException known
                ? known
                : new EngineException(problem, message, List.of("Embed shorter texts", "Fetch the model again"));
        if (failure != cause) {
            failure.initCause(cause);
        }
        request.answer.completeExceptionally(failure);
    }

    private void advance(Request request) {
        Space memory = space(request.longest);
        memory.batch.clear(() -> closed || request.answer.isDone());
        List<Text> parts = new ArrayList<>();
        for (Text text : request.texts) {
            if (!text.done() && parts.size() < Sequences.MOST && text.enter(memory, model)) {
                parts.add(text);
            }
        }
        if (model.embed(memory.pass)) {
            for (Text text : parts) {
                text.read(memory.activations.stream, model.projections(), kernels);
            }
        }
    }

    private Space space(int longest) {
        Space there = space;
        if (there == null || there.longest < longest) {
            if (there != null) {
                space = null;
                there.close();
            }
            there = new Space(longest);
            space = there;
        }
        return there;
    }

    /** Gives back what the last request, done or cancelled, still holds. */
    private void finish() {
        Request request = current;
        if (request != null) {
            request.texts.forEach(Text::release);
            current = null;
        }
    }

    /** Bytes that have memory now; any thread may ask, and does not wait. */
    public long bytesTaken() {
        Space there = space;
        return there == null ? 0 : there.activationBytes + there.pages.allocatedBytes();
    }

    /** Frees the memory if nothing is being embedded; waits for a pass in progress. */
    public synchronized void giveBack() {
        if (current != null && current.answer.isDone()) {
            finish();
        }
        Space there = space;
        if (current == null && submitted.isEmpty() && there != null) {
            space = null;
            there.close();
        }
    }

    /** Memory for texts of up to {@code longest} tokens. */
    final class Space implements AutoCloseable {
        final int longest;
        final Batch batch;
        final Activations activations;
        final PagePool pages;
        final ForwardPass pass;
        final long activationBytes;

        Space(int longest) {
            this.longest = longest;
            int rows = rows(model, longest);
            batch = new Batch(rows, 0);
            activations = new Activations(model.widths(), rows, 0);
            activationBytes = model.widths().bytes(rows, 0);
            pages = new PagePool(model.cacheLayout(), rows, Embedder.pages(model, longest), false);
            pass = new ForwardPass(kernels, workers, batch, activations);
        }

        @Override
        public void close() {
            pages.close();
            activations.close();
        }
    }

    /** Cancels everything and frees the memory; waits for a pass in progress, which ends at its next layer. */
    @Override
    public void close() {
        closed = true;
        synchronized (this) {
            if (current != null) {
                submitted.add(current);
            }
            for (Request request = submitted.poll(); request != null; request = submitted.poll()) {
                request.answer.completeExceptionally(new CancellationException("the model was closed"));
                request.texts.forEach(Text::release);
            }
            current = null;
            Space there = space;
            if (there != null) {
                space = null;
                there.close();
            }
        }
    }
}
