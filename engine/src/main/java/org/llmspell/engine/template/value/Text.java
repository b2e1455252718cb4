package org.llmspell.engine.template.value;

import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Python's {@code str}, which remembers for every character whether it is the template's own or {@linkplain #foreign()
 * foreign}: out of a message, a tool or another variable. The tokenizer may read special tokens only in the template's
 * own text; keeping the origin beside the characters needs no marks inside them that a message could forge. Indices of
 * Python count code points, those of {@link #chars} UTF-16 units.
 */
public final class Text implements Value {
    static final int[] NO_CUTS = {};

    public static final Text EMPTY = new Text("", false, NO_CUTS, false);

    private final String chars;
    /** Origin of the first character; it changes at each of {@link #cuts}. */
    private final boolean startsForeign;
    /** Ascending positions over 0 and under the length. */
    private final int[] cuts;

    private final boolean markup;
    private int codePoints = -1;

    Text(String chars, boolean startsForeign, int[] cuts, boolean markup) {
        this.chars = chars;
        this.startsForeign = startsForeign;
        this.cuts = cuts;
        this.markup = markup;
    }

    /** Text that the template wrote. */
    public static Text own(String chars) {
        return chars.isEmpty() ? EMPTY : new Text(chars, false, NO_CUTS, false);
    }

    /** Text all of one origin. */
    public static Text of(String chars, boolean foreign) {
        return foreign ? new Text(chars, true, NO_CUTS, false) : own(chars);
    }

    public String chars() {
        return chars;
    }

    /** Whether it is Markup, Jinja's string that is safe for HTML: made by {@code safe} and {@code escape}. */
    public boolean markup() {
        return markup;
    }

    /** The same text as Markup, or as plain string. */
    public Text asMarkup(boolean asMarkup) {
        return markup == asMarkup ? this : new Text(chars, startsForeign, cuts, asMarkup);
    }

    /** Whether any character is foreign. */
    @Override
    public boolean foreign() {
        return startsForeign || cuts.length > 0;
    }

    /** Whether its characters are of both origins. */
    boolean isMixed() {
        return cuts.length > 0;
    }

    /** Whether the character at {@code index} of {@link #chars} is foreign. */
    public boolean foreignAt(int index) {
        return startsForeign ^ ((cutsUpTo(index) & 1) != 0);
    }

    /** Where the run of one origin that holds {@code index} ends. */
    public int runEnd(int index) {
        int next = cutsUpTo(index);
        return next < cuts.length ? cuts[next] : chars.length();
    }

    private int cutsUpTo(int index) {
        if (cuts.length == 0) {
            return 0;
        }
        int found = Arrays.binarySearch(cuts, index);
        return found >= 0 ? found + 1 : -found - 1;
    }

    /** The characters {@code from} to {@code to} of {@link #chars}. */
    public Text substring(int from, int to) {
        if (from == 0 && to == chars.length()) {
            return this;
        }
        String part = chars.substring(from, to);
        if (cuts.length == 0 || from == to) {
            return new Text(part, startsForeign, NO_CUTS, markup);
        }
        int first = cutsUpTo(from);
        int last = cutsUpTo(to - 1);
        int[] kept = Arrays.copyOfRange(cuts, first, last);
        for (int i = 0; i < kept.length; i++) {
            kept[i] -= from;
        }
        return new Text(part, foreignAt(from), kept, markup);
    }

    /** This text changed to {@code mapped}, character by character; where lengths differ and origins mix, all is foreign. */
    public Text mapped(String mapped) {
        if (cuts.length > 0 && mapped.length() != chars.length()) {
            return new Text(mapped, true, NO_CUTS, markup);
        }
        return new Text(mapped, startsForeign, cuts, markup);
    }

    /** {@code text + other}, both taken as they are. */
    public Text concat(Text other) {
        if (other.chars.isEmpty()) {
            return this;
        }
        if (chars.isEmpty()) {
            return other.asMarkup(markup);
        }
        if (cuts.length == 0 && other.cuts.length == 0 && startsForeign == other.startsForeign) {
            Limits.checkedText((long) chars.length() + other.chars.length());
            return new Text(chars.concat(other.chars), startsForeign, NO_CUTS, markup);
        }
        return new TextBuilder().append(this).append(other).build().asMarkup(markup);
    }

    /** Code points. */
    @Override
    public int length() {
        if (codePoints < 0) {
            codePoints = chars.codePointCount(0, chars.length());
        }
        return codePoints;
    }

    /** The index in {@link #chars} of the code point at {@code index}, 0 to {@link #length}. */
    public int offset(int index) {
        return length() == chars.length() ? index : chars.offsetByCodePoints(0, index);
    }

    /** The code point index of an index in {@link #chars}. */
    public int codePointIndex(int offset) {
        return length() == chars.length() ? offset : chars.codePointCount(0, offset);
    }

    /** The code point at {@code index} as a text. */
    Text at(int index) {
        int from = offset(index);
        return substring(from, from + Character.charCount(chars.codePointAt(from)));
    }

    @Override
    public String typeName() {
        return markup ? "Markup" : "str";
    }

    @Override
    public boolean truthy() {
        return !chars.isEmpty();
    }

    @Override
    public void repr(TextBuilder out) {
        if (markup) {
            out.append("Markup(");
        }
        TextRepr.write(this, out);
        if (markup) {
            out.append(")");
        }
    }

    /** The text as a plain string. */
    @Override
    public Text str() {
        return asMarkup(false);
    }

    @Override
    public Iterator<Value> iterate() {
        return new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < chars.length();
            }

            @Override
            public Value next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                int from = next;
                next += Character.charCount(chars.codePointAt(from));
                // Iterating over Markup goes past its __getitem__ and yields plain strings.
                return substring(from, next).asMarkup(false);
            }
        };
    }

    @Override
    public @Nullable Value item(Value key) {
        int index = Slices.index(key, length());
        return index < 0 ? null : at(index);
    }

    @Override
    public long weight() {
        return 1L + (chars.length() >> 5);
    }

    @Override
    public String description() {
        return markup ? "markupsafe.Markup object" : "str object";
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Text text && chars.equals(text.chars);
    }

    @Override
    public int hashCode() {
        return chars.hashCode();
    }

    @Override
    public String toString() {
        return chars;
    }
}
