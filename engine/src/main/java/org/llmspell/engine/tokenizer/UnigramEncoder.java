package org.llmspell.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * SentencePiece's Unigram model (T5, XLM-R): the text is normalized, spaces are written {@code ▁}, and of all ways to write it
 * in pieces the one with the highest sum of scores is taken, found from left to right (Viterbi) over a trie of the pieces. A
 * character that is no piece is the unknown token, ten below the lowest score. Follows llama.cpp's {@code llm_tokenizer_ugm};
 * time is linear in the text.
 */
final class UnigramEncoder implements TextEncoder {
    private static final byte[] SPACE = "▁".getBytes(StandardCharsets.UTF_8);
    private static final double UNKNOWN_PENALTY = 10;

    private final Vocabulary vocabulary;
    private final ByteTrie pieces;
    private final int unknown;
    private final double unknownScore;
    private final Normalization normalization;

    /**
     * What becomes of a text first.
     *
     * @param spacePrefix a space is put before it
     * @param mergeSpaces spaces at its ends are dropped, and of several in a row all but one
     * @param charsmap replacements of characters, null for none
     */
    record Normalization(
            boolean spacePrefix,
            boolean mergeSpaces,
            @Nullable Charsmap charsmap) {}

    /** @param unknown the token for characters that are no piece */
    UnigramEncoder(Vocabulary vocabulary, int unknown, Normalization normalization) {
        if (unknown < 0) {
            throw BrokenVocabulary.because("it has no unknown token, which a Unigram model needs");
        }
        this.vocabulary = vocabulary;
        this.unknown = unknown;
        this.normalization = normalization;
        List<byte[]> keys = new ArrayList<>();
        int[] ids = new int[vocabulary.size()];
        float lowest = Float.MAX_VALUE;
        for (int id = 0; id < vocabulary.size(); id++) {
            TokenType type = vocabulary.type(id);
            if (type == TokenType.NORMAL) {
                lowest = Math.min(lowest, vocabulary.score(id));
            }
            if (type == TokenType.NORMAL || type == TokenType.USER_DEFINED || type == TokenType.UNUSED) {
                ids[keys.size()] = id;
                keys.add(vocabulary.piece(id).getBytes(StandardCharsets.UTF_8));
            }
        }
        pieces = new ByteTrie(keys, ids);
        unknownScore = lowest - UNKNOWN_PENALTY;
    }

    @Override
    public void encode(String text, boolean afterSpecial, IdList ids) {
        Normalized normalized = new Normalized(text.getBytes(StandardCharsets.UTF_8));
        segment(normalized.bytes, normalized.size, ids);
    }

    private void segment(byte[] text, int size, IdList ids) {
        // By place in the text: the best sum of scores up to it, the last piece of that way and where that began.
        double[] best = new double[size + 1];
        int[] last = new int[size + 1];
        int[] from = new int[size + 1];
        Arrays.fill(best, 1, size + 1, Double.NEGATIVE_INFINITY);
        for (int at = 0; at < size; ) {
            // What a broken file replaced by may be no UTF-8.
            int end = Math.min(size, at + Math.max(1, Utf8.length(text[at])));
            boolean single = false;
            int node = ByteTrie.ROOT;
            for (int to = at; to < size; ) {
                node = pieces.child(node, text[to++]);
                if (node < 0) {
                    break;
                }
                int id = pieces.value(node);
                if (id >= 0) {
                    single |= to == end;
                    double score = vocabulary.type(id) == TokenType.USER_DEFINED ? 0 : vocabulary.score(id);
                    if (best[at] + score > best[to]) {
                        best[to] = best[at] + score;
                        last[to] = id;
                        from[to] = at;
                    }
                }
            }
            if (!single && best[at] + unknownScore > best[end]) {
                best[end] = best[at] + unknownScore;
                last[end] = unknown;
                from[end] = at;
            }
            at = end;
        }
        // The pieces come out last first; the places are free again once they are read.
        int count = 0;
        for (int at = size; at > 0; at = from[at]) {
            if (last[at] != unknown || count == 0 || last[size - count + 1] != unknown) {
                last[size - count] = last[at];
                count++;
            }
        }
        for (int at = size - count + 1; at <= size; at++) {
            ids.add(last[at]);
        }
    }

    @Override
    public byte[] bytes(String piece) {
        return piece.replace('▁', ' ').getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean addsSpacePrefix() {
        return normalization.spacePrefix() || normalization.mergeSpaces();
    }

    /** A text as the model reads it. */
    private final class Normalized {
        private byte[] bytes;
        private int size;
        private boolean inWord;
        private boolean prefixed;

        Normalized(byte[] text) {
            bytes = new byte[text.length + 64];
            Charsmap charsmap = normalization.charsmap();
            for (int at = 0; at < text.length; ) {
                long found = charsmap == null ? 0 : charsmap.find(text, at, text.length);
                if (charsmap == null || found == 0) {
                    int end = Math.min(text.length, at + Utf8.length(text[at]));
                    while (at < end) {
                        add(text[at++]);
                    }
                } else {
                    for (int i = (int) found; charsmap.replacement(i) != 0; i++) {
                        add(charsmap.replacement(i));
                    }
                    at += (int) (found >>> 32);
                }
            }
        }

        private void add(byte value) {
            if (value == ' ') {
                inWord = false;
                if (!normalization.mergeSpaces()) {
                    space();
                }
                return;
            }
            if (!inWord) {
                inWord = true;
                if (normalization.mergeSpaces() || (normalization.spacePrefix() && !prefixed)) {
                    space();
                    prefixed = true;
                }
            }
            put(value);
        }

        private void space() {
            for (byte value : SPACE) {
                put(value);
            }
        }

        private void put(byte value) {
            if (size == bytes.length) {
                bytes = Arrays.copyOf(bytes, 2 * size);
            }
            bytes[size++] = value;
        }
    }
}
