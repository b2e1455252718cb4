package org.llmspell.engine.cache;

import java.util.Arrays;

/**
 * What a full page holds: its tokens and, through the page before it, all tokens that led up to them. Compared in full, not
 * by hash alone, so that two prompts can never share a page by accident.
 */
final class PrefixKey {
    private final long parent;
    private final int[] tokens;
    private final int hash;

    /**
     * @param parent serial number of the page before; of a chain's first page, a number below 0 that stands for how it
     *     was computed
     */
    PrefixKey(long parent, int[] tokens) {
        this.parent = parent;
        this.tokens = tokens;
        this.hash = 31 * Long.hashCode(parent) + Arrays.hashCode(tokens);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PrefixKey key
                && key.hash == hash
                && key.parent == parent
                && Arrays.equals(key.tokens, tokens);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
