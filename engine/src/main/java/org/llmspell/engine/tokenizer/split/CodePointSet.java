package org.llmspell.engine.tokenizer.split;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The code points that a character class of a regular expression stands for. Immutable; ASCII is answered from a bit map,
 * the rest from Unicode's general categories as this JDK knows them.
 */
final class CodePointSet {
    static final int LETTERS = bits(
            Character.UPPERCASE_LETTER,
            Character.LOWERCASE_LETTER,
            Character.TITLECASE_LETTER,
            Character.MODIFIER_LETTER,
            Character.OTHER_LETTER);
    static final int MARKS =
            bits(Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK);
    static final int NUMBERS = bits(Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER);
    static final int PUNCTUATION = bits(
            Character.DASH_PUNCTUATION,
            Character.START_PUNCTUATION,
            Character.END_PUNCTUATION,
            Character.CONNECTOR_PUNCTUATION,
            Character.OTHER_PUNCTUATION,
            Character.INITIAL_QUOTE_PUNCTUATION,
            Character.FINAL_QUOTE_PUNCTUATION);
    static final int SYMBOLS =
            bits(Character.MATH_SYMBOL, Character.CURRENCY_SYMBOL, Character.MODIFIER_SYMBOL, Character.OTHER_SYMBOL);

    private final Builder contents;
    private final long below64;
    private final long below128;

    private CodePointSet(Builder contents) {
        this.contents = contents;
        long low = 0;
        long high = 0;
        for (int bit = 0; bit < Long.SIZE; bit++) {
            low |= contents.test(bit) ? 1L << bit : 0;
            high |= contents.test(Long.SIZE + bit) ? 1L << bit : 0;
        }
        below64 = low;
        below128 = high;
    }

    boolean contains(int codePoint) {
        if (codePoint < 128) {
            // A shift by a code point uses its low six bits, which is its place in either word.
            return ((codePoint < 64 ? below64 : below128) >>> codePoint & 1) != 0;
        }
        return contents.test(codePoint);
    }

    static int bits(byte... categories) {
        int mask = 0;
        for (byte category : categories) {
            mask |= 1 << category;
        }
        return mask;
    }

    /** Collects what a class lists; used up by {@link #build}. */
    static final class Builder {
        private int categories;
        private boolean whitespace;
        private boolean notWhitespace;
        private boolean han;
        private boolean negated;
        private int[] ranges = new int[0];
        private @Nullable CodePointSet intersection;

        Builder categories(int mask) {
            categories |= mask;
            return this;
        }

        Builder whitespace() {
            whitespace = true;
            return this;
        }

        Builder notWhitespace() {
            notWhitespace = true;
            return this;
        }

        Builder han() {
            han = true;
            return this;
        }

        Builder range(int first, int last) {
            int[] longer = Arrays.copyOf(ranges, ranges.length + 2);
            longer[ranges.length] = first;
            longer[ranges.length + 1] = last;
            ranges = longer;
            return this;
        }

        Builder negate() {
            negated = true;
            return this;
        }

        Builder intersect(CodePointSet other) {
            intersection = other;
            return this;
        }

        CodePointSet build() {
            return new CodePointSet(this);
        }

        private boolean test(int codePoint) {
            return listed(codePoint) != negated && (intersection == null || intersection.contains(codePoint));
        }

        private boolean listed(int codePoint) {
            if (categories != 0 && (categories >>> Character.getType(codePoint) & 1) != 0) {
                return true;
            }
            if ((whitespace || notWhitespace)
                    && (CharacterClasses.isWhitespace(codePoint) ? whitespace : notWhitespace)) {
                return true;
            }
            for (int i = 0; i < ranges.length; i += 2) {
                if (codePoint >= ranges[i] && codePoint <= ranges[i + 1]) {
                    return true;
                }
            }
            return han && Character.UnicodeScript.of(codePoint) == Character.UnicodeScript.HAN;
        }
    }
}
