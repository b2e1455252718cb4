package org.llmspell.engine.template.value;

/** Python's {@code repr} of a string: quoted, with escapes for what does not print. */
final class TextRepr {
    private TextRepr() {}

    static void write(Text text, TextBuilder out) {
        String chars = text.chars();
        String quote = chars.indexOf('\'') >= 0 && chars.indexOf('"') < 0 ? "\"" : "'";
        boolean foreign = text.foreign();
        out.append(quote);
        int plain = 0;
        for (int i = 0; i < chars.length(); ) {
            int point = chars.codePointAt(i);
            int next = i + Character.charCount(point);
            String escape = escape(point, quote.charAt(0));
            if (escape != null) {
                out.append(text, plain, i).append(escape, foreign);
                plain = next;
            }
            i = next;
        }
        out.append(text, plain, chars.length()).append(quote);
    }

    private static @org.jspecify.annotations.Nullable String escape(int point, char quote) {
        switch (point) {
            case '\n':
                return "\\n";
            case '\r':
                return "\\r";
            case '\t':
                return "\\t";
            case '\\':
                return "\\\\";
            default:
                break;
        }
        if (point == quote) {
            return "\\" + quote;
        }
        if (Characters.isPrintable(point)) {
            return null;
        }
        return hexEscape(point);
    }

    private static String hexEscape(int point) {
        if (point < 0x100) {
            return "\\x" + hex(point, 2);
        }
        return point < 0x10000 ? "\\u" + hex(point, 4) : "\\U" + hex(point, 8);
    }

    private static String hex(int point, int width) {
        String digits = Integer.toHexString(point);
        return "0".repeat(width - digits.length()) + digits;
    }
}
