package org.llmspell.engine.grammar;

import java.util.ArrayList;
import java.util.List;

/**
 * Splits a set of characters into the sequences of byte ranges that are its UTF-8: a character is in the set exactly if its
 * bytes are, one by one, in one of the sequences. At each place the ranges of two sequences with the same beginning are equal
 * or apart.
 */
final class Utf8Edges {
    private static final int[] LAST_OF_LENGTH = {0x7F, 0x7FF, 0xFFFF, 0x10FFFF};

    private Utf8Edges() {}

    /** A range of bytes, both ends included. */
    record ByteRange(int first, int last) {}

    static List<List<ByteRange>> sequences(CharSet set) {
        List<List<ByteRange>> sequences = new ArrayList<>();
        int[] ranges = set.ranges();
        for (int i = 0; i < ranges.length; i += 2) {
            int from = ranges[i];
            for (int last : LAST_OF_LENGTH) {
                if (from <= Math.min(last, ranges[i + 1])) {
                    int to = Math.min(last, ranges[i + 1]);
                    split(from, to, sequences);
                    from = to + 1;
                }
            }
        }
        return sequences;
    }

    /** Characters of one length in UTF-8: cut until all bytes but the first differing one run through all their values. */
    private static void split(int from, int to, List<List<ByteRange>> sequences) {
        int length = from <= 0x7F ? 1 : from <= 0x7FF ? 2 : from <= 0xFFFF ? 3 : 4;
        for (int following = 1; following < length; following++) {
            int mask = (1 << 6 * following) - 1;
            if ((from & ~mask) != (to & ~mask)) {
                if ((from & mask) != 0) {
                    split(from, from | mask, sequences);
                    split((from | mask) + 1, to, sequences);
                    return;
                }
                if ((to & mask) != mask) {
                    split(from, (to & ~mask) - 1, sequences);
                    split(to & ~mask, to, sequences);
                    return;
                }
            }
        }
        List<ByteRange> sequence = new ArrayList<>(length);
        for (int i = 0; i < length; i++) {
            sequence.add(new ByteRange(byteAt(from, length, i), byteAt(to, length, i)));
        }
        sequences.add(sequence);
    }

    private static int byteAt(int point, int length, int index) {
        int bits = point >> 6 * (length - 1 - index);
        if (index > 0) {
            return 0x80 | (bits & 0x3F);
        }
        return switch (length) {
            case 1 -> bits;
            case 2 -> 0xC0 | bits;
            case 3 -> 0xE0 | bits;
            default -> 0xF0 | bits;
        };
    }
}
