package org.llmspell.engine.cache;

import static org.llmspell.engine.cache.KvLayout.PAGE_TOKENS;

import java.util.List;

/**
 * Layers of a cache that need the past equally long, and so share pages that come and go together.
 *
 * @param window positions that a token sees, itself included; meaningful for {@link Kind#WINDOW}
 * @param layers their numbers in the layout
 */
public record LayerGroup(KvLayout layout, Kind kind, int window, List<Integer> layers) {
    /** How long the past is needed. */
    public enum Kind {
        /** A page holds the keys and values of {@link KvLayout#PAGE_TOKENS} tokens, needed as long as the sequence is there. */
        EVERYTHING,
        /** A page holds keys and values, needed until the window has passed over it. */
        WINDOW,
        /** A page holds the state after some token: only the newest is needed. */
        STATE
    }

    /** State pages of a sequence: one to start from, one to write, one for what is kept for later prompts. */
    private static final int STATE_PAGES = 3;

    /** Bytes of a page: all layers of the group. */
    public long pageBytes() {
        long bytes = 0;
        for (int layer : layers) {
            bytes += kind == Kind.STATE ? layout.stateBytes(layer) : layout.keyBytes(layer) + layout.valueBytes(layer);
        }
        return bytes;
    }

    /**
     * The most pages that a sequence ever holds at once.
     *
     * @param capacity tokens that it may grow to
     * @param passTokens its tokens in one pass, at most
     */
    public int need(int capacity, int passTokens) {
        int all = KvLayout.pages(capacity);
        return switch (kind) {
            case EVERYTHING -> all;
            case WINDOW -> (int) Math.min(all, ((long) window + passTokens - 2) / PAGE_TOKENS + 2);
            case STATE -> STATE_PAGES;
        };
    }

    /** The first page that the token at {@code position} needs, and with it all up to its own. */
    int firstNeeded(int position) {
        return switch (kind) {
            case EVERYTHING -> 0;
            case WINDOW -> Math.max(0, position - window + 1) / PAGE_TOKENS;
            case STATE -> Math.max(0, position / PAGE_TOKENS - 1);
        };
    }
}
