package org.llmspell.engine;

import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.LayerGroup;
import org.llmspell.engine.layer.Widths;
import org.llmspell.engine.model.Model;
import org.llmspell.engine.schedule.Batcher;
import org.llmspell.engine.schedule.Embedder;
import org.llmspell.engine.score.WindowScorer;

/**
 * The one budget of all models of an engine: promises memory for activations and caches before it is allocated, or says what is
 * missing; who asks within {@link #makingRoom} has the memory of models that nobody uses. Weights are promised to nobody:
 * they stay in the mapped file, and the operating system keeps of them what it has room for, so that a model larger than the memory
 * runs too. Thread-safe.
 */
final class MemoryBudget {
    private static final List<String> SMALLER = List.of("Use a smaller model", "Close other programs");

    private final MemoryLedger ledger;
    private final Relief relief;

    /** Where more memory comes from. */
    interface Relief {
        /** Unloads the model that nobody has used for longest; false if all are in use. */
        boolean unloadIdle();

        /** Has a model in use give back what it can do without; false if there is nothing. */
        boolean shrinkUsed();
    }

    /** @param available bytes that could be allocated now; asked often, from any thread */
    MemoryBudget(LongSupplier available, Relief relief) {
        this.ledger = new MemoryLedger(available);
        this.relief = relief;
    }

    /**
     * Does what asks this budget for memory. While that is refused, other models make way: first those that nobody uses are
     * unloaded, the least recently used first, then those in use give back what they keep for later. What then remains idle is
     * unloaded too as long as the weights of all models are more than the memory holds beside what is promised.
     *
     * <p>To be called without locks, since it may wait for passes of other models.
     *
     * @param asking what to do, several times if need be
     * @throws EngineException that of {@code asking}, if nothing more can make way
     */
    <T> T makingRoom(Supplier<T> asking) {
        T answer = trying(asking);
        boolean roomMade = true;
        while (roomMade && ledger.spare() < 0) {
            roomMade = relief.unloadIdle();
        }
        return answer;
    }

    private <T> T trying(Supplier<T> asking) {
        while (true) {
            try {
                return asking.get();
            } catch (EngineException e) {
                if (e.problem() != Problem.OUT_OF_MEMORY || !(relief.unloadIdle() || relief.shrinkUsed())) {
                    throw e;
                }
            }
        }
    }

    /** Enters the weights of a model that is being loaded: the bytes of its files. */
    MemoryLedger.Weights weights(long bytes) {
        return ledger.weights(bytes);
    }

    /** A promise of nothing, to be raised. */
    MemoryLedger.Promise nothing() {
        MemoryLedger.Promise promise = ledger.promise(0);
        if (promise == null) {
            throw new IllegalStateException("nothing is always there");
        }
        return promise;
    }

    /**
     * Promises a model's activations.
     *
     * @throws EngineException of kind {@code OUT_OF_MEMORY} if there is no room
     */
    MemoryLedger.Promise activations(Widths widths) {
        return promise(widths.bytes(Batcher.ROWS, Batcher.SEQUENCES), "the model's activations need", SMALLER);
    }

    /**
     * Promises what scoring takes.
     *
     * @param rows tokens of a pass
     * @param pages of the cache, by group of layers
     * @throws EngineException of kind {@code OUT_OF_MEMORY} if there is no room
     */
    MemoryLedger.Promise scoring(Widths widths, int rows, KvLayout layout, int[] pages) {
        return promise(
                WindowScorer.bytes(widths, rows) + bytes(layout, pages),
                "to score texts so long needs",
                List.of("Use a smaller batch", "Use a shorter context length", "Use a smaller model"));
    }

    /**
     * Promises what a sequence computed on its own takes.
     *
     * @param pages of the cache, by group of layers
     * @throws EngineException of kind {@code OUT_OF_MEMORY} if there is no room
     */
    MemoryLedger.Promise passes(Widths widths, int contextLength, KvLayout layout, int[] pages) {
        return promise(
                widths.bytes(Batcher.ROWS, 1) + bytes(layout, pages),
                "a sequence of " + contextLength + " tokens needs",
                List.of("Use fewer tokens", "Use a smaller model", "Close other programs"));
    }

    private MemoryLedger.Promise promise(long bytes, String purpose, List<String> advice) {
        MemoryLedger.Promise promise = ledger.promise(bytes);
        if (promise == null) {
            throw missing(purpose, bytes, "", advice);
        }
        return promise;
    }

    /**
     * Raises {@code promise} to what embedding texts of up to {@code longest} tokens takes.
     *
     * @throws EngineException of kind {@code OUT_OF_MEMORY} if there is no room
     */
    void raiseForEmbedding(MemoryLedger.Promise promise, Model model, int longest) {
        long bytes = Embedder.bytes(model, longest);
        if (!promise.raise(Math.max(0, bytes - promise.bytes()))) {
            throw missing(
                    "to embed a text so long needs",
                    bytes,
                    "",
                    List.of("Cut the text into parts", "Use a smaller model", "Close other programs"));
        }
    }

    /**
     * Raises the promise of a model's cache to what one sequence takes.
     *
     * @param pages promised so far, by group of layers
     * @return the pages promised now
     * @throws EngineException of kind {@code OUT_OF_MEMORY} saying which context length would fit
     */
    int[] raiseForContext(MemoryLedger.Promise promise, KvLayout layout, int contextLength, int[] pages) {
        long more = missingBytes(layout, contextLength, pages);
        if (promise.raise(more)) {
            return most(pages, need(layout, contextLength));
        }
        int fits = fitting(layout, contextLength, pages, ledger.free());
        throw missing(
                "a context of %d tokens needs".formatted(contextLength),
                more,
                fits == 0 ? "; no context fits" : "; a context of " + fits + " tokens would fit",
                fits == 0
                        ? SMALLER
                        : List.of("Use a context length of at most " + fits + " tokens", "Use a smaller model"));
    }

    /**
     * Raises the promise of a model's cache beyond one sequence, to what several at once and what is kept of earlier ones may
     * take: half of what no other model needs, for at most {@link #CONVERSATIONS} of them.
     *
     * @param contextLength of a usual sequence
     * @param pages promised so far, by group of layers
     * @return the pages promised now; those promised so far where there is nothing to share
     */
    int[] raiseToShare(MemoryLedger.Promise promise, KvLayout layout, int contextLength, int[] pages) {
        int[] usual = need(layout, contextLength);
        double share = Math.max(0, ledger.spare() + promise.bytes()) / 2.0;
        double conversations = Math.min(CONVERSATIONS, share / bytes(layout, usual));
        int[] wanted = pages.clone();
        for (int g = 0; g < wanted.length; g++) {
            wanted[g] = Math.max(wanted[g], (int) (usual[g] * conversations));
        }
        return promise.raise(bytes(layout, wanted) - bytes(layout, pages)) ? wanted : pages;
    }

    /** Conversations of full length that are kept or computed at once. */
    private static final int CONVERSATIONS = 8;

    /** The longest context, in whole pages, whose cache fits. */
    private static int fitting(KvLayout layout, int contextLength, int[] pages, long free) {
        int fits = 0;
        int fails = KvLayout.pages(contextLength);
        while (fails - fits > 1) {
            int middle = (fits + fails) >>> 1;
            if (missingBytes(layout, middle * KvLayout.PAGE_TOKENS, pages) <= free) {
                fits = middle;
            } else {
                fails = middle;
            }
        }
        return fits * KvLayout.PAGE_TOKENS;
    }

    /** What one sequence's pages take beyond those that are promised. */
    private static long missingBytes(KvLayout layout, int contextLength, int[] pages) {
        return bytes(layout, most(pages, need(layout, contextLength))) - bytes(layout, pages);
    }

    /** The pages that a sequence holds at most, by group of layers. */
    static int[] need(KvLayout layout, int contextLength) {
        return layout.groups().stream()
                .mapToInt(group -> group.need(contextLength, Batcher.ROWS))
                .toArray();
    }

    /** By group of layers the larger number of pages. */
    static int[] most(int[] pages, int[] others) {
        int[] most = pages.clone();
        for (int g = 0; g < most.length; g++) {
            most[g] = Math.max(most[g], others[g]);
        }
        return most;
    }

    /** Bytes of so many pages, by group of layers. */
    static long bytes(KvLayout layout, int[] pages) {
        List<LayerGroup> groups = layout.groups();
        long bytes = 0;
        for (int g = 0; g < pages.length; g++) {
            bytes += pages[g] * groups.get(g).pageBytes();
        }
        return bytes;
    }

    private EngineException missing(String purpose, long bytes, String fitting, List<String> advice) {
        return new EngineException(
                Problem.OUT_OF_MEMORY,
                "Failed to allocate tensor: %s %s and %s is available%s"
                        .formatted(purpose, size(bytes), size(Math.max(0, ledger.free())), fitting),
                advice);
    }

    private static String size(long bytes) {
        return bytes < 1 << 30
                ? String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1 << 20))
                : String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1 << 30));
    }
}
