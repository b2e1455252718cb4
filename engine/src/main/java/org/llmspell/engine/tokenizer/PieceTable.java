package org.llmspell.engine.tokenizer;

import java.util.Arrays;
import java.util.List;

/**
 * Finds a piece's id from a stretch of text without making a string of it: an open-addressing hash table. {@code
 * HashMap<String, Integer>} would box 150,000 ids and need a substring per look-up. Immutable and thread-safe.
 */
final class PieceTable {
    /** Free slots hold −1. */
    private final int[] ids;

    private final int[] hashes;
    private final int mask;
    private final int longest;
    private final List<String> pieces;

    /** Indexes {@code pieces} by their place in the list; of equal pieces the first is found. Keeps the list. */
    PieceTable(List<String> pieces) {
        this.pieces = pieces;
        // At most half full, so that probes are short.
        int capacity = Math.max(16, Integer.highestOneBit(Math.max(1, pieces.size())) << 2);
        ids = new int[capacity];
        Arrays.fill(ids, -1);
        hashes = new int[capacity];
        mask = capacity - 1;
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
        int slot = slot(hash);
        while (ids[slot] >= 0) {
            if (hashes[slot] == hash && pieces.get(ids[slot]).equals(piece)) {
                return;
            }
            slot = (slot + 1) & mask;
        }
        ids[slot] = id;
        hashes[slot] = hash;
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
        for (int slot = slot(hash); ids[slot] >= 0; slot = (slot + 1) & mask) {
            if (hashes[slot] == hash) {
                String piece = pieces.get(ids[slot]);
                if (piece.length() == to - from && text.startsWith(piece, from)) {
                    return ids[slot];
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
        for (int slot = slot(hash); ids[slot] >= 0; slot = (slot + 1) & mask) {
            if (hashes[slot] == hash && equal(pieces.get(ids[slot]), text, length)) {
                return ids[slot];
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

    /** String hashes of short pieces differ mostly in their low bits; the multiplication (2^32/φ) spreads them. */
    private int slot(int hash) {
        int spread = hash * 0x9E3779B9;
        return (spread ^ spread >>> 15) & mask;
    }
}
