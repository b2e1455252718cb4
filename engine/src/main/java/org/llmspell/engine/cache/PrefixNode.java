package org.llmspell.engine.cache;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A beginning that some prompt had, in whole pages: a node of the tree of all of them, with the pages that are still there.
 * Tokens are compared in full, not by hash alone, so that two prompts can never share a page by accident.
 */
final class PrefixNode {
    /** The tokens of one page. */
    @SuppressWarnings("ArrayRecordComponent") // compared by content below
    private record Block(int[] tokens) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Block block && Arrays.equals(block.tokens, tokens);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(tokens);
        }
    }

    private final @Nullable PrefixNode parent;
    private final Block block;
    private final Map<Block, PrefixNode> children = new HashMap<>();
    /** By group: the page of this node's tokens, or the state after them; null where there is none (any more). */
    private final @Nullable Page[] pages;
    /** Sequences that will go on from here. */
    private int users;

    private PrefixNode(@Nullable PrefixNode parent, Block block, int groups) {
        this.parent = parent;
        this.block = block;
        this.pages = new Page[groups];
    }

    /** The beginning without tokens. */
    static PrefixNode root(int groups) {
        return new PrefixNode(null, new Block(new int[0]), groups);
    }

    /** The node after the page of tokens that starts at {@code from}, if there is one. */
    @Nullable
    PrefixNode next(int[] tokens, int from) {
        return children.get(block(tokens, from));
    }

    /** The node after that page, new if there was none. */
    PrefixNode grow(int[] tokens, int from) {
        return children.computeIfAbsent(block(tokens, from), key -> new PrefixNode(this, key, pages.length));
    }

    @Nullable
    Page page(int group) {
        return pages[group];
    }

    void put(int group, Page page) {
        pages[group] = page;
        page.node = this;
    }

    /** Forgets a page. The caller prunes. */
    void remove(int group) {
        Page page = pages[group];
        if (page != null) {
            page.node = null;
            pages[group] = null;
        }
    }

    void enter() {
        users++;
    }

    void leave() {
        users--;
        prune();
    }

    /** Takes this node out of the tree if nothing needs it, and then those above. */
    void prune() {
        PrefixNode node = this;
        while (node.parent != null && node.useless()) {
            node.parent.children.remove(node.block);
            node = node.parent;
        }
    }

    /** Nodes below this one. */
    int size() {
        return children.values().stream().mapToInt(child -> 1 + child.size()).sum();
    }

    private boolean useless() {
        return users == 0 && children.isEmpty() && Arrays.stream(pages).allMatch(page -> page == null);
    }

    private static Block block(int[] tokens, int from) {
        return new Block(Arrays.copyOfRange(tokens, from, from + KvLayout.PAGE_TOKENS));
    }
}
