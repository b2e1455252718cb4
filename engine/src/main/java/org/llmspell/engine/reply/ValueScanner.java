package org.llmspell.engine.reply;

/**
 * Follows the brackets and strings of a value that is still being written, so that a marker inside of a string is no marker.
 * It goes on where it stopped: each character is looked at once. Not thread-safe.
 */
final class ValueScanner {
    private int at;
    private int depth;
    /** What ends the string being read; 0 outside of strings, {@code <} for Gemma 4's quotation mark. */
    private char quote;

    private boolean escaped;
    private int valueEnd = -1;

    /** Where the first value ends, once it has; else −1. */
    int valueEnd() {
        return valueEnd;
    }

    /**
     * Goes on to the first place outside of values at which {@code close} stands.
     *
     * @param text what it was last time, and what has come since
     * @param close empty to find the end of the first value instead
     * @param from where the values begin
     * @return the place of {@code close}, or the end of the value; −1 while it has not come
     */
    int find(CharSequence text, String close, int from) {
        at = Math.max(at, from);
        while (at < text.length()) {
            if (quote != 0) {
                if (!passString(text)) {
                    return -1;
                }
                continue;
            }
            if (close.isEmpty() && valueEnd >= 0) {
                return valueEnd;
            }
            if (depth == 0 && !close.isEmpty() && text.charAt(at) == close.charAt(0)) {
                int matched = matched(text, close);
                if (matched == close.length()) {
                    return at;
                } else if (at + matched == text.length()) {
                    return -1;
                }
            }
            if (!passOne(text)) {
                return -1;
            }
        }
        return close.isEmpty() ? valueEnd : -1;
    }

    /** Passes a character outside of strings; whether there was enough text to know what it is. */
    private boolean passOne(CharSequence text) {
        char c = text.charAt(at);
        if (c == '{' || c == '[' || c == '(') {
            depth++;
        } else if ((c == '}' || c == ']' || c == ')') && depth > 0) {
            depth--;
            if (depth == 0 && valueEnd < 0) {
                valueEnd = at + 1;
            }
        } else if (depth > 0 && (c == '"' || c == '\'')) {
            quote = c;
        } else if (depth > 0 && c == '<') {
            int matched = matched(text, LiteralReader.WIDE_QUOTE);
            if (matched == LiteralReader.WIDE_QUOTE.length()) {
                quote = '<';
                at += matched;
                return true;
            } else if (at + matched == text.length()) {
                return false;
            }
        }
        at++;
        return true;
    }

    /** Passes a character of a string; whether there was enough text to know what it is. */
    private boolean passString(CharSequence text) {
        char c = text.charAt(at);
        if (quote == '<') {
            int matched = c == '<' ? matched(text, LiteralReader.WIDE_QUOTE) : 0;
            if (matched == LiteralReader.WIDE_QUOTE.length()) {
                quote = 0;
                at += matched;
                return true;
            } else if (matched > 0 && at + matched == text.length()) {
                return false;
            }
        } else if (escaped) {
            escaped = false;
        } else if (c == '\\') {
            escaped = true;
        } else if (c == quote) {
            quote = 0;
        }
        at++;
        return true;
    }

    private int matched(CharSequence text, String wanted) {
        return Markers.matched(text, at, wanted);
    }
}
