package org.llmspell.engine.tokenizer;

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
            bytes[size++] = (byte) (0x80 | point >> 6 & 0x3F);
        } else {
            bytes[size++] = (byte) (0xF0 | point >> 18);
            bytes[size++] = (byte) (0x80 | point >> 12 & 0x3F);
            bytes[size++] = (byte) (0x80 | point >> 6 & 0x3F);
        }
        bytes[size++] = (byte) (0x80 | point & 0x3F);
        return size;
    }
}
