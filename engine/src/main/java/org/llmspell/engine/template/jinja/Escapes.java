package org.llmspell.engine.template.jinja;

/** The backslash escapes of string literals, which are Python's. */
final class Escapes {
    private Escapes() {}

    static String resolve(String raw, int line) {
        int backslash = raw.indexOf('\\');
        if (backslash < 0) {
            return raw;
        }
        StringBuilder out = new StringBuilder(raw.length());
        int at = 0;
        while (backslash >= 0) {
            out.append(raw, at, backslash);
            at = escape(raw, backslash + 1, out, line);
            backslash = raw.indexOf('\\', at);
        }
        return out.append(raw, at, raw.length()).toString();
    }

    /** Resolves the escape whose letter is at {@code at}, and says where it ends. */
    private static int escape(String raw, int at, StringBuilder out, int line) {
        if (at >= raw.length()) {
            throw new SyntaxException("\\ at end of string", line);
        }
        char letter = raw.charAt(at);
        int simple = "\\'\"abfnrtv".indexOf(letter);
        if (simple >= 0) {
            out.append("\\'\"\u0007\b\f\n\r\t\u000b".charAt(simple));
            return at + 1;
        }
        switch (letter) {
            case '\n':
                return at + 1;
            case 'x':
                return hex(raw, at, 2, out, line);
            case 'u':
                return hex(raw, at, 4, out, line);
            case 'U':
                return hex(raw, at, 8, out, line);
            case 'N':
                return named(raw, at, out, line);
            default:
                break;
        }
        if (letter >= '0' && letter <= '7') {
            int end = at;
            int value = 0;
            while (end < raw.length() && end < at + 3 && raw.charAt(end) >= '0' && raw.charAt(end) <= '7') {
                value = value * 8 + raw.charAt(end++) - '0';
            }
            out.append((char) value);
            return end;
        }
        int point = raw.codePointAt(at);
        // Jinja writes characters beyond ASCII as escapes first, whose backslash this one then escapes.
        String shown = point < 0x80
                ? Character.toString(point)
                : (point < 0x100 ? "x%02x" : point < 0x10000 ? "u%04x" : "U%08x").formatted(point);
        out.append('\\').append(shown);
        return at + Character.charCount(point);
    }

    private static int hex(String raw, int at, int digits, StringBuilder out, int line) {
        int end = at + 1 + digits;
        long value = 0;
        for (int i = at + 1; i < end; i++) {
            int digit = i < raw.length() && raw.charAt(i) < 0x80 ? Character.digit(raw.charAt(i), 16) : -1;
            if (digit < 0) {
                throw new SyntaxException("truncated \\" + raw.charAt(at) + " escape", line);
            }
            value = value * 16 + digit;
        }
        if (value > Character.MAX_CODE_POINT) {
            throw new SyntaxException("illegal Unicode character", line);
        }
        out.appendCodePoint((int) value);
        return end;
    }

    private static int named(String raw, int at, StringBuilder out, int line) {
        int end = raw.indexOf('}', at);
        if (end < 0 || !raw.startsWith("{", at + 1)) {
            throw new SyntaxException("malformed \\N character escape", line);
        }
        try {
            out.appendCodePoint(Character.codePointOf(raw.substring(at + 2, end)));
        } catch (IllegalArgumentException e) {
            throw new SyntaxException("unknown Unicode character name", line);
        }
        return end + 1;
    }
}
