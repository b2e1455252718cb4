package org.llmspell.engine.tokenizer;

import java.util.List;

/**
 * Finds a piece's id from a stretch of text without making a string of it: an open-addressing hash table. {@code
 * HashMap<String, Integer>} would box 150,000 ids and need a substring per look-up. Immutable and thread-safe.
 */
final class PieceTable {
    /** The hash in the upper half, the id plus one in the lower, so that a probe touches memory once; 0 is free. */
    private final long[] slots;

    private final int mask;
    private final int longest;
    private final List<String> pieces;

    /** Indexes {@code pieces} by their place in the list; of equal pieces the first is found. Keeps the list. */
    PieceTable(List<String> pieces) {
        this.pieces = pieces;
        // At most half full, so that probes are short.
        slots = new long[Math.max(16, Integer.highestOneBit(Math.max(1, pieces.size())) << 2)];
        mask = slots.length - 1;
        int most = 0;
        for (int id = 0; id < pieces.size(); id++) {
            String piece = pieces.get(id);
            most = Math.max(most, piece.length());
            insert(piece, id);
        }
        longest = most;
    }

    private void insert(String piece, int id) {
        int hash = piece.hashCode();
        int at = slot(hash);
        while (slots[at] != 0) {
            if (hash(slots[at]) == hash && pieces.get(id(slots[at])).equals(piece)) {
                return;
            }
            at = (at + 1) & mask;
        }
        slots[at] = (long) hash << 32 | id + 1;
    }

    /** The length of the longest piece in UTF-16 units. */
    int longest() {
        return longest;
    }

    /** The id of {@code piece}, or −1. */
    int find(String piece) {
        return find(piece, 0, piece.length());
    }

    /** The id of the piece that is {@code text} from {@code from} to {@code to}, or −1. */
    int find(String text, int from, int to) {
        if (to - from > longest) {
            return -1;
        }
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + text.charAt(i);
        }
        return find(text, from, to, hash);
    }

    /** As above, for a caller that knows the stretch's {@link String#hashCode}. */
    int find(String text, int from, int to, int hash) {
        for (int at = slot(hash); slots[at] != 0; at = (at + 1) & mask) {
            if (hash(slots[at]) == hash) {
                String piece = pieces.get(id(slots[at]));
                if (piece.length() == to - from && text.startsWith(piece, from)) {
                    return id(slots[at]);
                }
            }
        }
        return -1;
    }

    /** The id of the piece that is the first {@code length} of {@code text}, or −1. */
    int find(char[] text, int length) {
        if (length > longest) {
            return -1;
        }
        int hash = 0;
        for (int i = 0; i < length; i++) {
            hash = 31 * hash + text[i];
        }
        for (int at = slot(hash); slots[at] != 0; at = (at + 1) & mask) {
            if (hash(slots[at]) == hash && equal(pieces.get(id(slots[at])), text, length)) {
                return id(slots[at]);
            }
        }
        return -1;
    }

    private static boolean equal(String piece, char[] text, int length) {
        if (piece.length() != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (piece.charAt(i) != text[i]) {
                return false;
            }
        }
        return true;
    }

    private static int hash(long slot) {
        return (int) (slot >> 32);
    }

    private static int id(long slot) {
        return (int) slot - 1;
    }

    /** String hashes of short pieces differ mostly in their low bits; the multiplication (2^32/φ) spreads them. */
    private int slot(int hash) {
        int spread = hash * 0x9E3779B9;
        return (spread ^ spread >>> 15) & mask;
    }
}
