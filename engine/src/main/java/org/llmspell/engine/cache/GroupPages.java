package org.llmspell.engine.cache;

import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import org.jspecify.annotations.Nullable;

/** The pages of one group of layers: who uses them, which are promised, and which are kept for later prompts. */
final class GroupPages {
    private final LayerGroup group;
    private final int index;
    private final Arena arena;
    /** Known to later prompts and used by nobody, the first to give up first. */
    private final LinkedHashSet<Page> idle = new LinkedHashSet<>();

    private final ArrayDeque<Page> free = new ArrayDeque<>();
    private int limit;
    private int allocated;
    /** The most that running sequences will hold, each counted by itself. */
    private int promised;
    /** What they hold, a shared page once for each of them. */
    private int held;

    GroupPages(LayerGroup group, int index, int limit, Arena arena) {
        this.group = group;
        this.index = index;
        this.limit = limit;
        this.arena = arena;
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

    int allocated() {
        return allocated;
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

    /**
     * Whether all promises can be kept. Pages that see everything are shared for as long as their sequences run, so a shared
     * one counts once. Of the others one sequence may let go while another holds on, so each counts its own.
     */
    boolean keepsPromises() {
        return (group.kind() == LayerGroup.Kind.EVERYTHING ? inUse() + reserved() : promised) <= limit;
    }

    /** A page that has memory or may get some; null if one must be given up first. What is in it is undefined. */
    @Nullable
    Page take() {
        Page page = free.poll();
        if (page == null && allocated < limit) {
            page = new Page(group, arena);
            allocated++;
        }
        if (page != null) {
            page.references = 1;
            held++;
        }
        return page;
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
