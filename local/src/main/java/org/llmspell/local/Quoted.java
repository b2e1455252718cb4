package org.llmspell.local;

/** Puts foreign text into an error message: in quotes, on one line, of bounded length. */
public final class Quoted {
    private static final int LONGEST = 120;

    private Quoted() {}

    /** {@code text} in double quotes, control characters as {@code \\u….}, cut after {@value #LONGEST} characters. */
    public static String of(String text) {
        return "\"" + plain(text) + "\"";
    }

    /** The same without the quotes. */
    public static String plain(String text) {
        StringBuilder quoted = new StringBuilder();
        int end = Math.min(text.length(), LONGEST);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029' || isFormat(c)) {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append(end < text.length() ? "…" : "").toString();
    }

    /** Invisible characters, among them those that turn the reading direction of a terminal. */
    private static boolean isFormat(char c) {
        return Character.getType(c) == Character.FORMAT;
    }
}
