package org.llmspell.engine;

import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.schedule.Batcher;

/**
 * The memory that the budget promises to one model's cache, and the limits of its pages, which follow from it. A generation has
 * the promise of its whole context, so that the oldest one always goes on; beyond that the model has a share for several at once, which
 * it gives back when others need it. A model that generates nothing keeps what it has allocated and is promised no more.
 * Thread-safe; may wait for a pass of the model.
 */
final class CacheAllowance implements AutoCloseable {
    private final MemoryBudget budget;
    private final KvLayout layout;
    private final Batcher batcher;
    private final int usualContext;
    private final MemoryLedger.Promise promise;
    /** How many generations have which context. */
    private final TreeMap<Integer, Integer> contexts = new TreeMap<>();

    /** The most pages of the model's cache, by group of layers; their bytes are what is promised. */
    private int[] limits;

    /**
     * An allowance of nothing.
     *
     * @param batcher whose pages have a limit of 0 and are limited from here on by this allowance alone
     * @param usualContext tokens of a usual generation
     */
    CacheAllowance(MemoryBudget budget, KvLayout layout, Batcher batcher, int usualContext) {
        this.budget = budget;
        this.layout = layout;
        this.batcher = batcher;
        this.usualContext = usualContext;
        this.limits = new int[layout.groups().size()];
        this.promise = budget.nothing();
        promise.takenAs(batcher::cacheBytes);
    }

    /** The promise of one generation's context, until closed. */
    final class Claim implements AutoCloseable {
        private final int context;
        private final AtomicBoolean closed = new AtomicBoolean();

        private Claim(int context) {
            this.context = context;
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                end(context);
            }
        }
    }

    /**
     * Sees to it that a generation with a context of so many tokens fits, from before it is submitted until after it has ended.
     *
     * @throws EngineException of kind {@code OUT_OF_MEMORY} if it does not
     */
    synchronized Claim claim(int context) {
        limits = budget.raiseForContext(promise, layout, context, limits);
        limits = budget.raiseToShare(promise, layout, usualContext, limits);
        batcher.raiseLimits(limits);
        contexts.merge(context, 1, Integer::sum);
        return new Claim(context);
    }

    private synchronized void end(int context) {
        contexts.merge(context, -1, (count, one) -> count == 1 ? null : count + one);
        if (contexts.isEmpty()) {
            lower(batcher.pagesAllocated());
        }
    }

    /**
     * Gives back what no generation needs.
     *
     * @param kept also the memory of pages that are kept for later prompts
     * @return whether that was anything
     */
    synchronized boolean giveBack(boolean kept) {
        int[] needed = contexts.isEmpty() ? new int[limits.length] : MemoryBudget.need(layout, contexts.lastKey());
        return lower(kept ? needed : MemoryBudget.most(needed, batcher.pagesAllocated()));
    }

    private boolean lower(int[] pages) {
        long before = MemoryBudget.bytes(layout, limits);
        limits = batcher.lowerLimits(pages);
        long after = MemoryBudget.bytes(layout, limits);
        promise.lower(after);
        return after < before;
    }

    /** Gives the promise back; the pages must be freed already. */
    @Override
    public void close() {
        promise.close();
    }
}
