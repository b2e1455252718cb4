package org.llmspell.engine.grammar;

import java.util.Arrays;

/**
 * A set of Unicode characters (code points without the surrogates, which no text in UTF-8 holds), kept as ascending ranges
 * that neither overlap nor touch. Immutable.
 */
public final class CharSet {
    private static final int LAST = 0x10FFFF;
    private static final int FIRST_SURROGATE = 0xD800;
    private static final int LAST_SURROGATE = 0xDFFF;

    public static final CharSet NONE = new CharSet(new int[0]);
    public static final CharSet ALL = new CharSet(new int[] {0, FIRST_SURROGATE - 1, LAST_SURROGATE + 1, LAST});

    /** First and last character of each range in turn. */
    private final int[] bounds;

    private CharSet(int[] bounds) {
        this.bounds = bounds;
    }

    /** The characters from {@code first} to {@code last}; none if {@code first} is greater. */
    public static CharSet range(int first, int last) {
        return first > last ? NONE : new CharSet(new int[] {first, last}).intersect(ALL);
    }

    /** The characters of {@code text}. */
    public static CharSet of(String text) {
        int[] points = text.codePoints().sorted().distinct().toArray();
        int[] bounds = new int[2 * points.length];
        for (int i = 0; i < bounds.length; i++) {
            bounds[i] = points[i / 2];
        }
        return new CharSet(bounds).union(NONE).intersect(ALL);
    }

    /** The ranges: first and last character of each, ascending. A copy. */
    public int[] ranges() {
        return bounds.clone();
    }

    public boolean isEmpty() {
        return bounds.length == 0;
    }

    public boolean contains(int point) {
        int at = Arrays.binarySearch(bounds, point);
        return at >= 0 || (-at - 1) % 2 == 1;
    }

    public CharSet union(CharSet other) {
        int[] merged = new int[bounds.length + other.bounds.length];
        int size = 0;
        int a = 0;
        int b = 0;
        while (a < bounds.length || b < other.bounds.length) {
            boolean mine = b == other.bounds.length || (a < bounds.length && bounds[a] <= other.bounds[b]);
            int first = mine ? bounds[a] : other.bounds[b];
            int last = mine ? bounds[a + 1] : other.bounds[b + 1];
            a += mine ? 2 : 0;
            b += mine ? 0 : 2;
            if (size > 0 && first <= merged[size - 1] + 1) {
                merged[size - 1] = Math.max(merged[size - 1], last);
            } else {
                merged[size++] = first;
                merged[size++] = last;
            }
        }
        return new CharSet(Arrays.copyOf(merged, size));
    }

    public CharSet intersect(CharSet other) {
        int[] common = new int[bounds.length + other.bounds.length];
        int size = 0;
        int a = 0;
        int b = 0;
        while (a < bounds.length && b < other.bounds.length) {
            int first = Math.max(bounds[a], other.bounds[b]);
            int last = Math.min(bounds[a + 1], other.bounds[b + 1]);
            if (first <= last) {
                common[size++] = first;
                common[size++] = last;
            }
            if (bounds[a + 1] < other.bounds[b + 1]) {
                a += 2;
            } else {
                b += 2;
            }
        }
        return new CharSet(Arrays.copyOf(common, size));
    }

    /** All characters that are not in this set. */
    public CharSet complement() {
        int[] gaps = new int[bounds.length + 2];
        int size = 0;
        int from = 0;
        for (int i = 0; i < bounds.length; i += 2) {
            if (from < bounds[i]) {
                gaps[size++] = from;
                gaps[size++] = bounds[i] - 1;
            }
            from = bounds[i + 1] + 1;
        }
        if (from <= LAST) {
            gaps[size++] = from;
            gaps[size++] = LAST;
        }
        return new CharSet(Arrays.copyOf(gaps, size)).intersect(ALL);
    }

    /** The characters of this set that are not in {@code other}. */
    public CharSet minus(CharSet other) {
        return intersect(other.complement());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CharSet set && Arrays.equals(bounds, set.bounds);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bounds);
    }

    @Override
    public String toString() {
        return Arrays.toString(bounds);
    }
}
