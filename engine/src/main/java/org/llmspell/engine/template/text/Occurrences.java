package org.llmspell.engine.template.text;

/**
 * Finds the occurrences of one text in another, in time proportional to their lengths: Java's own search takes the
 * product, which a template could make astronomic.
 */
public final class Occurrences {
    /** Up to this length the product is harmless and Java's intrinsic search is fastest. */
    private static final int SHORT = 16;

    private final String needle;
    private final int[] borders;

    public Occurrences(String needle) {
        this.needle = needle;
        this.borders = needle.length() > SHORT ? borders(needle) : new int[0];
    }

    /** The first occurrence in {@code haystack} at or after {@code from} that ends by {@code to}; −1 if none. */
    public int next(String haystack, int from, int to) {
        if (from + needle.length() > to) {
            return -1;
        }
        if (borders.length == 0) {
            int at = haystack.indexOf(needle, from, to);
            return at >= 0 && at + needle.length() <= to ? at : -1;
        }
        int matched = 0;
        for (int i = from; i < to; i++) {
            char unit = haystack.charAt(i);
            while (matched > 0 && unit != needle.charAt(matched)) {
                matched = borders[matched - 1];
            }
            if (unit == needle.charAt(matched) && ++matched == needle.length()) {
                return i + 1 - matched;
            }
        }
        return -1;
    }

    /** The last occurrence that lies in {@code from} to {@code to}; −1 if none. */
    public int last(String haystack, int from, int to) {
        if (borders.length == 0) {
            int at = haystack.lastIndexOf(needle, to - needle.length());
            return at >= from ? at : -1;
        }
        String backwards =
                new StringBuilder(haystack.substring(from, to)).reverse().toString();
        int at = new Occurrences(new StringBuilder(needle).reverse().toString()).next(backwards, 0, backwards.length());
        return at < 0 ? -1 : to - at - needle.length();
    }

    /** For every prefix, the longest shorter prefix that is also its suffix (Knuth, Morris and Pratt 1977). */
    private static int[] borders(String needle) {
        int[] borders = new int[needle.length()];
        int length = 0;
        for (int i = 1; i < borders.length; i++) {
            while (length > 0 && needle.charAt(i) != needle.charAt(length)) {
                length = borders[length - 1];
            }
            if (needle.charAt(i) == needle.charAt(length)) {
                length++;
            }
            borders[i] = length;
        }
        return borders;
    }
}
