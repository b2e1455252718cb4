package org.llmspell.engine.cache;

import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one model's caches: allocates up to a limit, counts references, and keeps full pages that nobody uses for
 * prompts that begin alike, giving them up least recently used first.
 *
 * <p>A sequence reserves all the pages it may come to need when it is admitted, so that it never fails half-way. Not
 * thread-safe: used by the scheduler's thread. {@link #close} frees all pages.
 */
public final class PagePool implements AutoCloseable {
    private final KvLayout layout;
    private final boolean prefixSharing;
    private final Arena arena = Arena.ofShared();
    private final Map<PrefixKey, Page> index = new HashMap<>();
    /** Indexed pages without references, the first to give up first. */
    private final LinkedHashSet<Page> evictable = new LinkedHashSet<>();

    private final ArrayDeque<Page> free = new ArrayDeque<>();
    private int limit;
    private int allocated;
    private int reserved;
    private long nextSerial;

    /**
     * An empty pool.
     *
     * @param limit the most pages ever allocated
     * @param prefixSharing false computes every prompt afresh
     */
    public PagePool(KvLayout layout, int limit, boolean prefixSharing) {
        this.layout = layout;
        this.limit = limit;
        this.prefixSharing = prefixSharing;
    }

    public KvLayout layout() {
        return layout;
    }

    public int limit() {
        return limit;
    }

    /** Allows more pages; never fewer. */
    public void raiseLimit(int pages) {
        limit = Math.max(limit, pages);
    }

    /** Pages that have memory. */
    public int allocated() {
        return allocated;
    }

    /** Pages that some sequence uses. */
    public int inUse() {
        return allocated - free.size() - evictable.size();
    }

    /** Pages promised to running sequences and not taken yet. */
    public int reserved() {
        return reserved;
    }

    /** Pages kept for prompts that begin alike. */
    public int cached() {
        return evictable.size();
    }

    /**
     * Admits a sequence: finds the pages that hold the beginning of its prompt and reserves the rest.
     *
     * @param variant 0 or more: caches of different variants share nothing (rotary factors that depend on the context)
     * @param tokens the prompt; its last token is always left to compute, since its logits are wanted
     * @param capacity the most tokens that the sequence will hold
     * @return null while there are not enough pages
     */
    public @Nullable SequenceCache admit(int variant, int[] tokens, int capacity) {
        SequenceCache cache = new SequenceCache(this, layout, -1L - variant, capacity);
        int needed = KvLayout.pages(capacity);
        int shareable = (tokens.length - 1) / KvLayout.PAGE_TOKENS;
        for (int page = 0; page < shareable; page++) {
            Page found = prefixSharing ? index.get(cache.nextKey(tokens)) : null;
            if (found == null) {
                break;
            }
            retain(found);
            cache.adopt(found, tokens);
            needed--;
        }
        if (inUse() + reserved + needed > limit) {
            cache.close();
            return null;
        }
        reserved += needed;
        cache.reservedPages(needed);
        return cache;
    }

    /** A page out of a reservation. */
    Page take() {
        reserved--;
        Page page = free.poll();
        if (page == null && allocated < limit) {
            page = new Page(layout, arena);
            allocated++;
        }
        if (page == null) {
            Iterator<Page> oldest = evictable.iterator();
            page = oldest.next();
            oldest.remove();
            index.remove(page.key);
            page.key = null;
        }
        page.references = 1;
        return page;
    }

    /**
     * Makes a full page known to later prompts.
     *
     * @return the page to go on with: an equal one if there is one already, in place of {@code page}
     */
    Page publish(Page page, PrefixKey key) {
        if (!prefixSharing) {
            return page;
        }
        Page equal = index.get(key);
        if (equal != null) {
            retain(equal);
            release(page);
            return equal;
        }
        page.key = key;
        page.serial = nextSerial++;
        index.put(key, page);
        return page;
    }

    private void retain(Page page) {
        if (page.references++ == 0) {
            evictable.remove(page);
        }
    }

    /** Gives up one use of a page. Later pages of a chain must be released before earlier ones, so that they go first. */
    void release(Page page) {
        if (--page.references > 0) {
            return;
        }
        if (page.key != null) {
            evictable.add(page);
        } else {
            free.push(page);
        }
    }

    void unreserve(int pages) {
        reserved -= pages;
    }

    /** Frees the memory; no sequence may run any more. */
    @Override
    public void close() {
        arena.close();
    }
}
