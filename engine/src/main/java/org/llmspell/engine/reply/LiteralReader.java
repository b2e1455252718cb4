package org.llmspell.engine.reply;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a value as models write them: JSON, with what they add to it from Python ({@code True}, {@code None}, single quotes),
 * JavaScript (keys without quotes) and Gemma 4 (strings between {@code <|"|>}). Values are String, Boolean, Long, Double,
 * List, Map (in order; of equal keys the last counts) and null. Not thread-safe.
 */
final class LiteralReader {
    /** Gemma 4's quotation mark. */
    static final String WIDE_QUOTE = "<|\"|>";

    private static final int DEEPEST = 128;

    private final String text;
    private int at;

    /** Reads {@code text} from {@code from} on. */
    LiteralReader(String text, int from) {
        this.text = text;
        this.at = from;
    }

    /** There is no value where one was expected. */
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1L;

        Malformed() {
            super("malformed", null, false, false);
        }
    }

    /** The place behind what has been read. */
    int position() {
        return at;
    }

    boolean atEnd() {
        return at == text.length();
    }

    /** Whether a map or list is next. */
    boolean atValue() {
        return !atEnd() && (text.charAt(at) == '{' || text.charAt(at) == '[');
    }

    void skipSpace() {
        while (at < text.length() && isSpace(text.charAt(at))) {
            at++;
        }
    }

    static boolean isSpace(char c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
    }

    /** Whether {@code wanted} is next; it is then skipped. */
    boolean accept(String wanted) {
        if (text.startsWith(wanted, at)) {
            at += wanted.length();
            return true;
        }
        return false;
    }

    /** The next name of letters, digits, {@code _}, {@code -} and {@code .}; empty if there is none. */
    String name() {
        int from = at;
        while (at < text.length() && isNamePart(text.charAt(at))) {
            at++;
        }
        return text.substring(from, at);
    }

    private static boolean isNamePart(char c) {
        return Character.isLetterOrDigit(c) || c == '_' || c == '-' || c == '.';
    }

    /** The value that comes next, white space before it skipped. */
    @Nullable
    Object value() throws Malformed {
        return value(0);
    }

    private @Nullable Object value(int depth) throws Malformed {
        skipSpace();
        if (depth > DEEPEST || atEnd()) {
            throw new Malformed();
        }
        char first = text.charAt(at);
        if (first == '{') {
            return map(depth);
        } else if (first == '[' || first == '(') {
            return list(first == '[' ? "]" : ")", depth);
        } else if (atQuote()) {
            return string();
        } else if (first == '-' || first == '+' || first == '.' || (first >= '0' && first <= '9')) {
            return number();
        }
        return switch (name()) {
            case "true", "True" -> true;
            case "false", "False" -> false;
            case "null", "None" -> null;
            default -> throw new Malformed();
        };
    }

    private Map<String, @Nullable Object> map(int depth) throws Malformed {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        at++;
        skipSpace();
        while (!accept("}")) {
            boolean quoted = atQuote();
            String key = quoted ? string() : name();
            skipSpace();
            if ((key.isEmpty() && !quoted) || !accept(":")) {
                throw new Malformed();
            }
            map.put(key, value(depth + 1));
            separator("}");
        }
        return map;
    }

    private List<@Nullable Object> list(String end, int depth) throws Malformed {
        List<@Nullable Object> list = new ArrayList<>();
        at++;
        skipSpace();
        while (!accept(end)) {
            list.add(value(depth + 1));
            separator(end);
        }
        return list;
    }

    /** A comma, or the end, which stays. */
    void separator(String end) throws Malformed {
        skipSpace();
        if (accept(",")) {
            skipSpace();
        } else if (!text.startsWith(end, at)) {
            throw new Malformed();
        }
    }

    private boolean atQuote() {
        return at < text.length()
                && (text.charAt(at) == '"' || text.charAt(at) == '\'' || text.startsWith(WIDE_QUOTE, at));
    }

    private String string() throws Malformed {
        if (accept(WIDE_QUOTE)) {
            int end = text.indexOf(WIDE_QUOTE, at);
            if (end < 0) {
                throw new Malformed();
            }
            String plain = text.substring(at, end);
            at = end + WIDE_QUOTE.length();
            return plain;
        }
        char quote = text.charAt(at++);
        StringBuilder out = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == quote) {
                return out.toString();
            } else if (c == '\\' && at < text.length()) {
                escape(out, text.charAt(at++));
            } else {
                out.append(c);
            }
        }
        throw new Malformed();
    }

    private void escape(StringBuilder out, char letter) throws Malformed {
        switch (letter) {
            case 'b' -> out.append('\b');
            case 'f' -> out.append('\f');
            case 'n' -> out.append('\n');
            case 'r' -> out.append('\r');
            case 't' -> out.append('\t');
            case '"', '\'', '\\', '/' -> out.append(letter);
            case 'u' -> {
                if (at + 4 > text.length()) {
                    throw new Malformed();
                }
                try {
                    out.append((char) Integer.parseUnsignedInt(text, at, at + 4, 16));
                } catch (NumberFormatException e) {
                    throw new Malformed();
                }
                at += 4;
            }
            // As Python has it: models write patterns and paths with single backslashes.
            default -> out.append('\\').append(letter);
        }
    }

    private Object number() throws Malformed {
        int from = at;
        boolean whole = true;
        while (at < text.length() && "+-.eE0123456789_".indexOf(text.charAt(at)) >= 0) {
            whole &= ".eE".indexOf(text.charAt(at)) < 0;
            at++;
        }
        String numeral = text.substring(from, at).replace("_", "");
        try {
            if (whole && numeral.length() < 19) {
                return Long.parseLong(numeral);
            }
            double value = Double.parseDouble(numeral);
            if (Double.isFinite(value)) {
                return value;
            }
            throw new Malformed();
        } catch (NumberFormatException e) {
            throw new Malformed();
        }
    }
}
