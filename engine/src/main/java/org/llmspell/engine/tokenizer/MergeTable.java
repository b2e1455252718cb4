package org.llmspell.engine.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The merges of a byte-level BPE vocabulary: which two symbols become which, and in what order of precedence. A symbol is a
 * token, or, from {@code vocabulary.size()} on, a text that merges mention and the vocabulary lacks. Immutable and
 * thread-safe: an open-addressing hash table from two symbols to the merge's place in the list.
 */
final class MergeTable {
    private final Vocabulary vocabulary;
    /** The texts of the symbols that are no tokens. */
    private final List<String> extraPieces = new ArrayList<>();

    private final Map<String, Integer> extraSymbols = new HashMap<>();
    private final int[] merged;
    /** Left symbol in the upper half, right symbol in the lower; free slots hold −1. */
    private final long[] pairs;

    private final int[] ranks;
    private final int mask;

    /**
     * @param merges {@code left right}, highest precedence first
     * @throws org.llmspell.engine.EngineException {@code BROKEN_MODEL} if a line is not two parts
     */
    MergeTable(Vocabulary vocabulary, List<String> merges) {
        this.vocabulary = vocabulary;
        merged = new int[merges.size()];
        int capacity = Math.max(16, Integer.highestOneBit(Math.max(1, merges.size())) << 2);
        pairs = new long[capacity];
        Arrays.fill(pairs, -1);
        ranks = new int[capacity];
        mask = capacity - 1;
        for (int rank = 0; rank < merged.length; rank++) {
            String line = merges.get(rank);
            // The first character is part of the left symbol even if it is a space.
            int space = line.indexOf(' ', 1);
            if (space < 0 || space == line.length() - 1 || line.indexOf(' ', space + 1) >= 0) {
                throw BrokenVocabulary.because("tokenizer.ggml.merges[" + rank + "] is " + BrokenVocabulary.quote(line)
                        + ", which is not two parts with a space between");
            }
            int left = symbol(line, 0, space);
            int right = symbol(line, space + 1, line.length());
            merged[rank] = mergedSymbol(line, space, rank == 0 ? -1 : merged[rank - 1] + 1);
            insert((long) left << 32 | right, rank);
        }
    }

    private void insert(long pair, int rank) {
        int slot = slot(pair);
        while (pairs[slot] >= 0) {
            if (pairs[slot] == pair) {
                return;
            }
            slot = (slot + 1) & mask;
        }
        pairs[slot] = pair;
        ranks[slot] = rank;
    }

    /** The symbol for a part of {@code line}, made up if there is no such token. */
    private int symbol(String line, int from, int to) {
        int id = vocabulary.table().find(line, from, to);
        return id >= 0 ? id : extra(line.substring(from, to));
    }

    /** The symbol for {@code line} without its space. Tokens mostly follow the order of merges, so the guess saves time. */
    private int mergedSymbol(String line, int space, int guess) {
        if (guess >= 0 && guess < vocabulary.size()) {
            String piece = vocabulary.piece(guess);
            if (piece.length() == line.length() - 1
                    && piece.regionMatches(0, line, 0, space)
                    && piece.regionMatches(space, line, space + 1, line.length() - space - 1)) {
                return guess;
            }
        }
        String piece = line.substring(0, space).concat(line.substring(space + 1));
        int id = vocabulary.find(piece);
        return id >= 0 ? id : extra(piece);
    }

    private int extra(String piece) {
        return extraSymbols.computeIfAbsent(piece, text -> {
            extraPieces.add(text);
            return vocabulary.size() + extraPieces.size() - 1;
        });
    }

    /** The symbol for {@code piece}, −1 if there is none. */
    int find(String piece) {
        int id = vocabulary.find(piece);
        return id >= 0 ? id : extraSymbols.getOrDefault(piece, -1);
    }

    /** The text of a symbol. */
    String piece(int symbol) {
        return symbol < vocabulary.size() ? vocabulary.piece(symbol) : extraPieces.get(symbol - vocabulary.size());
    }

    /** The rank of the merge of two symbols, lower first; −1 if they do not merge. */
    int rank(int left, int right) {
        long pair = (long) left << 32 | right;
        for (int slot = slot(pair); pairs[slot] >= 0; slot = (slot + 1) & mask) {
            if (pairs[slot] == pair) {
                return ranks[slot];
            }
        }
        return -1;
    }

    /** The symbol that the merge of rank {@code rank} makes. */
    int merged(int rank) {
        return merged[rank];
    }

    private int slot(long pair) {
        long spread = pair * 0x9E3779B97F4A7C15L;
        return (int) (spread >>> 32) & mask;
    }
}
