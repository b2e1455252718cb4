package org.llmspell.engine.cache;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one model's caches: for each {@link LayerGroup} pages up to a limit, with references counted, and of what
 * nobody uses any more what later prompts may begin with, given up least recently used first.
 *
 * <p>A sequence takes pages out of a promise that was given when it was admitted or when it asked to {@link SequenceCache#grow
 * grow}, so that a pass never fails half-way. Not thread-safe but for {@link #allocatedBytes}: used by the scheduler's thread.
 * {@link #close} frees all pages.
 */
public final class PagePool implements AutoCloseable {
    private final KvLayout layout;
    private final int passTokens;
    private final boolean prefixSharing;
    private final List<GroupPages> groups = new ArrayList<>();
    /** By variant: where all known beginnings start. */
    private final Map<Integer, PrefixNode> roots = new HashMap<>();

    /**
     * An empty pool.
     *
     * @param passTokens the most tokens of one sequence in one pass
     * @param limits the most pages with memory at once, by {@link KvLayout#groups}
     * @param prefixSharing false computes every prompt afresh
     */
    public PagePool(KvLayout layout, int passTokens, int[] limits, boolean prefixSharing) {
        this.layout = layout;
        this.passTokens = passTokens;
        this.prefixSharing = prefixSharing;
        for (LayerGroup group : layout.groups()) {
            groups.add(new GroupPages(group, groups.size(), limits[groups.size()]));
        }
    }

    public KvLayout layout() {
        return layout;
    }

    boolean prefixSharing() {
        return prefixSharing;
    }

    int passTokens() {
        return passTokens;
    }

    /** Allows so many pages, by group; nowhere fewer than before. */
    public void raiseLimits(int[] limits) {
        for (int g = 0; g < limits.length; g++) {
            groups.get(g).raiseLimit(limits[g]);
        }
    }

    /**
     * Allows so many pages, by group, or as many as running sequences hold and were promised, if that is more; nowhere more than
     * before. The memory of what is beyond is given back: of free pages first, then of those kept for later prompts.
     *
     * @return the limits from here on
     */
    public int[] lowerLimits(int[] limits) {
        for (int g = 0; g < limits.length; g++) {
            GroupPages pages = groups.get(g);
            pages.lowerLimit(limits[g]);
            while (pages.allocated() > pages.limit()) {
                if (!pages.freeOne()) {
                    evict(g);
                }
            }
        }
        return groups.stream().mapToInt(GroupPages::limit).toArray();
    }

    /** Pages that have memory, by group. */
    public int[] allocated() {
        return groups.stream().mapToInt(GroupPages::allocated).toArray();
    }

    /** Bytes of the pages that have memory; any thread may ask. */
    public long allocatedBytes() {
        return groups.stream().mapToLong(GroupPages::allocatedBytes).sum();
    }

    /** Pages that some sequence uses. */
    public int inUse() {
        return sum(GroupPages::inUse);
    }

    /** Pages promised to running sequences and not held by them now. */
    public int reserved() {
        return sum(GroupPages::reserved);
    }

    /** Pages kept for prompts that begin alike. */
    public int cached() {
        return sum(GroupPages::kept);
    }

    /** Beginnings that are known, each a page longer than another. */
    int knownPrefixes() {
        return roots.values().stream().mapToInt(PrefixNode::size).sum();
    }

    private int sum(ToIntFunction<GroupPages> count) {
        return groups.stream().mapToInt(count).sum();
    }

    /**
     * Admits a sequence: finds the longest beginning of its prompt that every group of layers can go on from, and promises
     * the pages for all that it will hold.
     *
     * @param variant 0 or more: caches of different variants share nothing (rotary factors that depend on the context)
     * @param tokens the prompt; its last token is always left to compute, since its logits are wanted
     * @param capacity the most tokens that the sequence will hold
     * @return null while there are not enough pages
     */
    public @Nullable SequenceCache admit(int variant, int[] tokens, int capacity) {
        return admit(variant, tokens, capacity, capacity);
    }

    /**
     * The same with a promise for the first {@code promised} tokens alone.
     *
     * @param promised at least the prompt's; the sequence has to {@link SequenceCache#grow grow} before it holds more
     */
    public @Nullable SequenceCache admit(int variant, int[] tokens, int capacity, int promised) {
        PrefixNode root = roots.computeIfAbsent(variant, key -> PrefixNode.root(groups.size()));
        List<PrefixNode> found = prefixSharing ? resumable(path(root, tokens)) : List.of();
        SequenceCache cache = new SequenceCache(this, root, tokens.length, capacity, promised);
        cache.adopt(found, tokens);
        if (!keepsPromises()) {
            cache.close();
            return null;
        }
        return cache;
    }

    boolean keepsPromises() {
        return groups.stream().allMatch(GroupPages::keepsPromises);
    }

    /** The nodes that the prompt passes through. */
    private List<PrefixNode> path(PrefixNode root, int[] tokens) {
        List<PrefixNode> path = new ArrayList<>();
        PrefixNode node = root;
        for (int from = 0; from + KvLayout.PAGE_TOKENS < tokens.length; from += KvLayout.PAGE_TOKENS) {
            node = node.next(tokens, from);
            if (node == null) {
                break;
            }
            path.add(node);
        }
        return path;
    }

    /** The longest beginning of {@code path} of which each group has all pages that the token after it needs. */
    private List<PrefixNode> resumable(List<PrefixNode> path) {
        int[] run = new int[groups.size()];
        int longest = 0;
        for (int length = 1; length <= path.size(); length++) {
            boolean complete = true;
            for (int g = 0; g < run.length; g++) {
                run[g] = path.get(length - 1).page(g) == null ? 0 : run[g] + 1;
                int firstNeeded = groups.get(g).group().firstNeeded(length * KvLayout.PAGE_TOKENS);
                complete &= run[g] >= length - firstNeeded;
            }
            longest = complete ? length : longest;
        }
        return path.subList(0, longest);
    }

    /** The pages of a group. */
    GroupPages group(int index) {
        return groups.get(index);
    }

    int groups() {
        return groups.size();
    }

    /** A page out of a promise; what is in it is undefined. */
    Page take(int group) {
        GroupPages pages = groups.get(group);
        Page page = pages.take();
        if (page == null) {
            evict(group);
            page = pages.take();
        }
        if (page == null) {
            throw new IllegalStateException("more pages are promised than there are");
        }
        return page;
    }

    /** Gives up what was used least recently; if that sees everything, the rest of its node is of no use without it. */
    private void evict(int group) {
        Page oldest = groups.get(group).firstIdle();
        PrefixNode node = oldest.node;
        if (node == null) {
            throw new IllegalStateException("an idle page that no prompt can find");
        }
        boolean everything = groups.get(group).group().kind() == LayerGroup.Kind.EVERYTHING;
        for (int g = 0; g < groups.size(); g++) {
            Page page = node.page(g);
            if (page != null && (g == group || everything)) {
                groups.get(g).abandon(page);
            }
        }
        node.prune();
    }

    /** Frees the memory; no sequence may run any more. */
    @Override
    public void close() {
        groups.forEach(GroupPages::close);
    }
}
