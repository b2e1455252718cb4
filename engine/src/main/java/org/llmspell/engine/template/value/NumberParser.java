package org.llmspell.engine.template.value;

import org.jspecify.annotations.Nullable;

/** Reads numbers as Python's {@code int(text, base)} and {@code float(text)} do. */
public final class NumberParser {
    /** Digits beyond which Python refuses a decimal number. */
    private static final int DIGITS = 4300;

    private NumberParser() {}

    /** The integer; null where Python raises a ValueError. */
    public static @Nullable Int integer(String text, int base) {
        String chars = plain(text);
        int at = !chars.isEmpty() && (chars.charAt(0) == '-' || chars.charAt(0) == '+') ? 1 : 0;
        boolean negative = chars.startsWith("-");
        if (base != 0 && (base < 2 || base > 36)) {
            return null;
        }
        int radix = base;
        if (chars.length() > at + 1 && chars.charAt(at) == '0') {
            int letter = "xXoObB".indexOf(chars.charAt(at + 1));
            int prefixed = letter < 0 ? 0 : letter < 2 ? 16 : letter < 4 ? 8 : 2;
            if (prefixed != 0 && (base == 0 || base == prefixed)) {
                radix = prefixed;
                at += 2;
                at += chars.startsWith("_", at) ? 1 : 0;
            }
        }
        boolean decimal = radix == 0;
        radix = decimal ? 10 : radix;
        String digits = digits(chars, at, radix);
        if (digits == null
                || (decimal && digits.charAt(0) == '0' && !digits.chars().allMatch(unit -> unit == '0'))
                || (Integer.bitCount(radix) != 1 && digits.length() > DIGITS)) {
            return null;
        }
        Int value = Int.parse(digits, radix);
        return negative ? Int.of(value.big().negate()) : value;
    }

    /** The digits from {@code from} to the end without the single underscores between them; null if there is anything else. */
    private static @Nullable String digits(String chars, int from, int radix) {
        StringBuilder digits = new StringBuilder();
        boolean digitBefore = false;
        for (int i = from; i < chars.length(); i++) {
            char unit = chars.charAt(i);
            boolean digit = Character.digit(unit, radix) >= 0;
            if (!digit && !(unit == '_' && digitBefore)) {
                return null;
            }
            if (digit) {
                digits.append(unit);
            }
            digitBefore = digit;
        }
        return digitBefore ? digits.toString() : null;
    }

    /** The float; null where Python raises a ValueError. */
    public static @Nullable Double real(String text) {
        String chars = plain(text);
        boolean negative = chars.startsWith("-");
        String rest = negative || chars.startsWith("+") ? chars.substring(1) : chars;
        if ("inf".equalsIgnoreCase(rest) || "infinity".equalsIgnoreCase(rest)) {
            return negative ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        if ("nan".equalsIgnoreCase(rest)) {
            return Double.NaN;
        }
        StringBuilder number = new StringBuilder(negative ? "-" : "");
        for (int i = 0; i < rest.length(); i++) {
            char unit = rest.charAt(i);
            if (unit == '_') {
                if (i == 0 || i + 1 == rest.length() || !isDigit(rest.charAt(i - 1)) || !isDigit(rest.charAt(i + 1))) {
                    return null;
                }
            } else if (isDigit(unit) || "eE.+-".indexOf(unit) >= 0) {
                number.append(unit);
            } else {
                // Java would also read suffixes and hexadecimal numbers.
                return null;
            }
        }
        try {
            return Double.valueOf(number.toString());
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private static boolean isDigit(char unit) {
        return unit >= '0' && unit <= '9';
    }

    /** Without white space around it, and with the digits of other scripts as ASCII. */
    private static String plain(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && Characters.isSpace(text.charAt(from))) {
            from++;
        }
        while (to > from && Characters.isSpace(text.charAt(to - 1))) {
            to--;
        }
        StringBuilder plain = new StringBuilder(to - from);
        for (int i = from; i < to; i += Character.charCount(text.codePointAt(i))) {
            int point = text.codePointAt(i);
            if (point >= 0x80 && Character.isDigit(point)) {
                plain.append((char) ('0' + Character.digit(point, 10)));
            } else {
                plain.appendCodePoint(point);
            }
        }
        return plain.toString();
    }
}
