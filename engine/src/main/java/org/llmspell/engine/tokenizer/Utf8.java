package org.llmspell.engine.tokenizer;

import java.nio.charset.StandardCharsets;

/** Well-formed text and its UTF-8. */
final class Utf8 {
    private Utf8() {}

    /** {@code text} with U+FFFD for each unpaired surrogate, which UTF-8 cannot write; usually {@code text} itself. */
    static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return text.codePoints()
                        .map(point -> point >= 0xD800 && point <= 0xDFFF ? 0xFFFD : point)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
            }
        }
        return text;
    }

    /** Writes {@code point}, one to four bytes, at {@code at}; returns the place after it. */
    static int put(int point, byte[] bytes, int at) {
        int size = at;
        if (point < 0x80) {
            bytes[size++] = (byte) point;
            return size;
        }
        if (point < 0x800) {
            bytes[size++] = (byte) (0xC0 | point >> 6);
        } else if (point < 0x10000) {
            bytes[size++] = (byte) (0xE0 | point >> 12);
            bytes[size++] = continuation(point >> 6);
        } else {
            bytes[size++] = (byte) (0xF0 | point >> 18);
            bytes[size++] = continuation(point >> 12);
            bytes[size++] = continuation(point >> 6);
        }
        bytes[size++] = continuation(point);
        return size;
    }

    private static byte continuation(int bits) {
        return (byte) (0x80 | (bits & 0x3F));
    }

    /**
     * The text of {@code bytes} up to {@code end}, with one U+FFFD for each maximal part of a character that is cut short
     * and for each byte that can begin none, as Unicode recommends (chapter 3, table 3-8). The JDK's decoder differs on
     * surrogates.
     */
    static String decode(byte[] bytes, int end) {
        String text = new String(bytes, 0, end, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') < 0) {
            return text;
        }
        StringBuilder repaired = new StringBuilder(end);
        for (int at = 0; at < end; ) {
            int valid = validLength(bytes, at, end);
            if (valid > 0 && valid == length(bytes[at])) {
                repaired.append(new String(bytes, at, valid, StandardCharsets.UTF_8));
            } else {
                repaired.append('\uFFFD');
            }
            at += Math.max(1, valid);
        }
        return repaired.toString();
    }

    /** How many bytes at the end are the beginning of a character that more bytes could complete: 0 to 3. */
    static int unfinished(byte[] bytes) {
        for (int count = 1; count <= Math.min(3, bytes.length); count++) {
            int at = bytes.length - count;
            if ((bytes[at] & 0xC0) != 0x80) {
                return count < length(bytes[at]) && validLength(bytes, at, bytes.length) == count ? count : 0;
            }
        }
        return 0;
    }

    /** How many bytes from {@code at} are a character or its beginning; 0 if none can begin there. */
    private static int validLength(byte[] bytes, int at, int end) {
        int length = length(bytes[at]);
        int valid = Math.min(1, length);
        while (valid < length && at + valid < end && mayFollow(bytes[at], valid, bytes[at + valid])) {
            valid++;
        }
        return valid;
    }

    /** How long a character is that begins with {@code lead}; 0 if none does. */
    static int length(byte lead) {
        int value = lead & 0xFF;
        if (value < 0x80) {
            return 1;
        }
        if (value < 0xC2 || value > 0xF4) {
            return 0;
        }
        return value < 0xE0 ? 2 : value < 0xF0 ? 3 : 4;
    }

    /** Whether {@code next} can be byte {@code index} of a character: overlong forms, surrogates and more than U+10FFFF cannot. */
    private static boolean mayFollow(byte lead, int index, byte next) {
        int value = next & 0xFF;
        if ((value & 0xC0) != 0x80) {
            return false;
        }
        if (index > 1) {
            return true;
        }
        return switch (lead & 0xFF) {
            case 0xE0 -> value >= 0xA0;
            case 0xED -> value < 0xA0;
            case 0xF0 -> value >= 0x90;
            case 0xF4 -> value < 0x90;
            default -> true;
        };
    }
}
