package org.llmspell.engine.tokenizer.split;

/**
 * Cuts numbers into groups of three digits from the right, as they are written with separators: 1234567 into 1, 234, 567. As
 * regular expressions these take look-ahead over the rest of the number, quadratic in its length; this is linear.
 */
final class DigitGroups implements Splitter {
    /** Every number, of any numeral characters. */
    static final String FROM_THE_RIGHT = "\\p{N}{1,3}(?=(?:\\p{N}{3})*(?!\\p{N}))";

    /** Numbers of decimal digits that no letter, mark or underscore follows; others stay as they are. */
    static final String OF_WHOLE_NUMBERS = "\\d{1,3}(?=(?:\\d{3})*\\b)";

    private static final int DECIMAL = CodePointSet.bits(Character.DECIMAL_DIGIT_NUMBER);
    private static final CodePointSet WORD = new CodePointSet.Builder()
            .categories(CodePointSet.LETTERS
                    | CodePointSet.MARKS
                    | CodePointSet.NUMBERS
                    | CodePointSet.bits(Character.CONNECTOR_PUNCTUATION))
            .build();

    /** Only the places before a group are cut: what is no digit stays with the digits beside it. */
    static final String PLACES = "(?=(?:\\d{3})+(?!\\d))";

    private final CodePointSet digits;
    private final Kind kind;

    private enum Kind {
        ANY,
        WHOLE,
        PLACES
    }

    private DigitGroups(int categories, Kind kind) {
        digits = new CodePointSet.Builder().categories(categories).build();
        this.kind = kind;
    }

    static DigitGroups fromTheRight() {
        return new DigitGroups(CodePointSet.NUMBERS, Kind.ANY);
    }

    static DigitGroups ofWholeNumbers() {
        return new DigitGroups(DECIMAL, Kind.WHOLE);
    }

    static DigitGroups places() {
        return new DigitGroups(DECIMAL, Kind.PLACES);
    }

    @Override
    public void split(int[] text, int from, int to, PieceSink sink) {
        int piece = from;
        int at = from;
        while (at < to) {
            if (!digits.contains(text[at])) {
                at++;
                continue;
            }
            int end = at + 1;
            while (end < to && digits.contains(text[end])) {
                end++;
            }
            if (kind != Kind.WHOLE || end == to || !WORD.contains(text[end])) {
                if (kind != Kind.PLACES) {
                    piece = cut(piece, at, sink);
                }
                for (int group = at + (end - at) % 3; group < end; group += 3) {
                    piece = cut(piece, group, sink);
                }
                if (kind != Kind.PLACES) {
                    piece = cut(piece, end, sink);
                }
            }
            at = end;
        }
        cut(piece, to, sink);
    }

    /** Gives the part from {@code from} to {@code to} if there is one; returns where the next begins. */
    private static int cut(int from, int to, PieceSink sink) {
        if (from < to) {
            sink.piece(from, to);
        }
        return to;
    }
}
