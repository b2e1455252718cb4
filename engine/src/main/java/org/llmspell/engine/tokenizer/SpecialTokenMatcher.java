package org.llmspell.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/**
 * Cuts a text at the special tokens written out in it. Longer tokens are found first, wherever they are, as in llama.cpp's
 * {@code tokenizer_st_partition}; user-defined tokens are found in any text, control and unknown tokens only where the text
 * may be parsed. Immutable and thread-safe.
 */
final class SpecialTokenMatcher {
    /** Longer tokens exist in hostile files only; they are searched for one by one instead of looked up. */
    private static final int INDEXED_LENGTH = 256;

    private final Vocabulary vocabulary;
    /** The special tokens, the longest in UTF-8 first, and their texts. */
    private final List<Integer> specials;

    private final List<String> pieces;
    private final PieceTable table;
    /** Which UTF-16 units begin a special token, and which lengths up to {@link #INDEXED_LENGTH} occur. */
    private final BitSet beginnings = new BitSet();

    private final BitSet lengths = new BitSet();
    private final BitSet tooLong = new BitSet();
    private final BitSet stripLeft;
    private final BitSet stripRight;

    /**
     * @param stripLeft tokens that swallow the white space before them
     * @param stripRight tokens that swallow the white space after them
     */
    SpecialTokenMatcher(Vocabulary vocabulary, BitSet stripLeft, BitSet stripRight) {
        this.vocabulary = vocabulary;
        this.stripLeft = stripLeft;
        this.stripRight = stripRight;
        List<Special> found = new ArrayList<>();
        for (int id = 0; id < vocabulary.size(); id++) {
            TokenType type = vocabulary.type(id);
            boolean special = type == TokenType.USER_DEFINED || !vocabulary.isText(id);
            if (special && !vocabulary.piece(id).isEmpty()) {
                found.add(new Special(id, vocabulary.piece(id).getBytes(StandardCharsets.UTF_8).length));
            }
        }
        found.sort(Comparator.comparingInt(Special::bytes).reversed());
        specials = found.stream().map(Special::id).toList();
        pieces = specials.stream().map(vocabulary::piece).toList();
        table = new PieceTable(pieces);
        for (int i = 0; i < pieces.size(); i++) {
            if (pieces.get(i).length() > INDEXED_LENGTH) {
                tooLong.set(i);
            } else {
                beginnings.set(pieces.get(i).charAt(0));
                lengths.set(pieces.get(i).length());
            }
        }
    }

    private record Special(int id, int bytes) {}

    /**
     * A stretch of the text.
     *
     * @param id the special token that it is, −1 for ordinary text
     */
    record Segment(int from, int to, int id) {
        boolean isText() {
            return id < 0;
        }
    }

    /**
     * The segments of {@code text}, in order.
     *
     * @param parsed the places where control tokens may be read
     */
    List<Segment> split(String text, BitSet parsed) {
        List<Segment> segments = new ArrayList<>();
        if (text.isEmpty()) {
            return segments;
        }
        segments.add(new Segment(0, text.length(), -1));
        BitSet occurring = occurring(text);
        for (int i = occurring.nextSetBit(0); i >= 0; i = occurring.nextSetBit(i + 1)) {
            List<Segment> finer = new ArrayList<>();
            for (Segment segment : segments) {
                if (segment.isText()) {
                    cut(text, segment, specials.get(i), parsed, finer);
                } else {
                    finer.add(segment);
                }
            }
            segments = finer;
        }
        return segments;
    }

    /** Which special tokens, by their place in the list, occur in the text at all: few do, and one pass finds them. */
    private BitSet occurring(String text) {
        BitSet occurring = new BitSet();
        for (int from = 0; from < text.length(); from++) {
            if (!beginnings.get(text.charAt(from))) {
                continue;
            }
            int hash = 0;
            int most = Math.min(lengths.length() - 1, text.length() - from);
            for (int length = 1; length <= most; length++) {
                hash = 31 * hash + text.charAt(from + length - 1);
                int found = lengths.get(length) ? table.find(text, from, from + length, hash) : -1;
                if (found >= 0) {
                    occurring.set(found);
                }
            }
        }
        for (int i = tooLong.nextSetBit(0); i >= 0; i = tooLong.nextSetBit(i + 1)) {
            occurring.set(i, text.contains(pieces.get(i)));
        }
        return occurring;
    }

    private void cut(String text, Segment segment, int id, BitSet parsed, List<Segment> out) {
        String piece = vocabulary.piece(id);
        boolean anywhere = vocabulary.isText(id);
        int rest = segment.from();
        int from = rest;
        while (true) {
            int at = text.indexOf(piece, from, segment.to());
            if (at < 0) {
                break;
            }
            int end = at + piece.length();
            if (!anywhere && parsed.nextClearBit(at) < end) {
                from = at + 1;
                continue;
            }
            int left = at;
            while (stripLeft.get(id) && left > rest && isSpace(text.charAt(left - 1))) {
                left--;
            }
            if (left > rest) {
                out.add(new Segment(rest, left, -1));
            }
            out.add(new Segment(at, end, id));
            while (stripRight.get(id) && end < segment.to() && isSpace(text.charAt(end))) {
                end++;
            }
            rest = end;
            from = end;
        }
        if (rest < segment.to()) {
            out.add(new Segment(rest, segment.to(), -1));
        }
    }

    private static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }
}
