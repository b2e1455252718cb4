package org.llmspell.engine.template.value;

/** Character classes as Python's {@code str} defines them, which differ from Java's. */
public final class Characters {
    private Characters() {}

    /** {@code str.isspace}: bidirectional class WS, B or S, or category Zs. */
    public static boolean isSpace(int point) {
        if (point <= ' ') {
            return point == ' ' || (point >= 0x09 && point <= 0x0d) || (point >= 0x1c && point <= 0x1f);
        }
        if (point < 0x1680) {
            return point == 0x85 || point == 0xa0;
        }
        return point == 0x1680
                || (point >= 0x2000 && point <= 0x200a)
                || point == 0x2028
                || point == 0x2029
                || point == 0x202f
                || point == 0x205f
                || point == 0x3000;
    }

    /** Whether {@code str.splitlines} breaks at it. */
    public static boolean isLineBreak(char unit) {
        return (unit >= 0x0a && unit <= 0x0d)
                || (unit >= 0x1c && unit <= 0x1e)
                || unit == 0x85
                || unit == 0x2028
                || unit == 0x2029;
    }

    /** {@code str.isprintable}: no control, format, surrogate, private or unassigned character, and no separator but space. */
    public static boolean isPrintable(int point) {
        if (point < 0x7f) {
            return point >= ' ';
        }
        switch (Character.getType(point)) {
            case Character.CONTROL:
            case Character.FORMAT:
            case Character.SURROGATE:
            case Character.PRIVATE_USE:
            case Character.UNASSIGNED:
            case Character.LINE_SEPARATOR:
            case Character.PARAGRAPH_SEPARATOR:
            case Character.SPACE_SEPARATOR:
                return false;
            default:
                return true;
        }
    }

    /** A regular expression's {@code \w}: letters, digits and other numbers, underscore. */
    public static boolean isWord(int point) {
        if (point < 0x80) {
            return point == '_' || Character.isLetterOrDigit(point);
        }
        int type = Character.getType(point);
        return Character.isLetterOrDigit(point) || type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
    }

    /** Whether a name may hold it; {@code first} for its first character. */
    public static boolean isIdentifier(int point, boolean first) {
        return point == '_'
                || (first ? Character.isUnicodeIdentifierStart(point) : Character.isUnicodeIdentifierPart(point))
                        && !Character.isIdentifierIgnorable(point);
    }
}
