package org.llmspell.engine.cache;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The pages of one group of layers: who uses them, which are promised, and which are kept for later prompts. */
final class GroupPages {
    private final LayerGroup group;
    private final int index;
    private final long pageBytes;
    /** All that have memory. */
    private final Set<Page> pages = new HashSet<>();
    /** Known to later prompts and used by nobody, the first to give up first. */
    private final LinkedHashSet<Page> idle = new LinkedHashSet<>();

    private final ArrayDeque<Page> free = new ArrayDeque<>();
    private int limit;
    /** How many have memory; any thread may ask. */
    private volatile int allocated;
    /** The most that running sequences will hold, each counted by itself. */
    private int promised;
    /** What they hold, a shared page once for each of them. */
    private int held;

    GroupPages(LayerGroup group, int index, int limit) {
        this.group = group;
        this.index = index;
        this.limit = limit;
        this.pageBytes = group.pageBytes();
    }

    LayerGroup group() {
        return group;
    }

    int limit() {
        return limit;
    }

    void raiseLimit(int pages) {
        limit = Math.max(limit, pages);
    }

    /** Lowers the limit to {@code pages}, or to what is in use and promised if that is more. */
    void lowerLimit(int pages) {
        limit = Math.min(limit, Math.max(pages, Math.max(committed(), inUse())));
    }

    int allocated() {
        return allocated;
    }

    /** Bytes of the pages that have memory; any thread may ask. */
    long allocatedBytes() {
        return allocated * pageBytes;
    }

    int inUse() {
        return allocated - free.size() - idle.size();
    }

    int reserved() {
        return promised - held;
    }

    int kept() {
        return idle.size();
    }

    void promise(int pages) {
        promised += pages;
    }

    void withdraw(int pages) {
        promised -= pages;
    }

    /** Whether all promises can be kept. */
    boolean keepsPromises() {
        return committed() <= limit;
    }

    /**
     * The pages that all promises take. Pages that see everything are shared for as long as their sequences run, so a shared
     * one counts once. Of the others one sequence may let go while another holds on, so each counts its own.
     */
    private int committed() {
        return group.kind() == LayerGroup.Kind.EVERYTHING ? inUse() + reserved() : promised;
    }

    /** A page that has memory or may get some; null if one must be given up first. What is in it is undefined. */
    @Nullable
    Page take() {
        Page page = free.poll();
        if (page == null && allocated < limit) {
            page = new Page(group);
            pages.add(page);
            allocated = pages.size();
        }
        if (page != null) {
            page.references = 1;
            held++;
        }
        return page;
    }

    /** Gives the memory of a free page back; false if none is free. */
    boolean freeOne() {
        Page page = free.poll();
        if (page == null) {
            return false;
        }
        pages.remove(page);
        allocated = pages.size();
        page.free();
        return true;
    }

    /** Gives all memory back; no page may be in use. */
    void close() {
        pages.forEach(Page::free);
        pages.clear();
        free.clear();
        idle.clear();
        allocated = 0;
    }

    /** The page to give up first. */
    Page firstIdle() {
        return idle.getFirst();
    }

    void retain(Page page) {
        held++;
        if (page.references++ == 0) {
            idle.remove(page);
        }
    }

    /** Gives up one use of a page. Later pages of a chain must be released before earlier ones, so that they go first. */
    void release(Page page) {
        held--;
        if (--page.references > 0) {
            return;
        }
        if (page.node != null) {
            idle.addLast(page);
        } else {
            free.push(page);
        }
    }

    /** Lets an idle page go before all others. */
    void demote(Page page) {
        if (page.references == 0 && page.node != null) {
            idle.addFirst(page);
        }
    }

    /** Takes a page away from later prompts; if nobody uses it, it is free. */
    void abandon(Page page) {
        PrefixNode node = page.node;
        if (node != null) {
            node.remove(index);
            if (idle.remove(page)) {
                free.push(page);
            }
        }
    }
}
