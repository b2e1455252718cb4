package org.llmspell.engine.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The 256 printable characters that byte-level BPE writes bytes with: a byte that is a visible Latin-1 character stands
 * for itself, the other 68 in order are U+0100 onwards. Source: {@code bytes_to_unicode} of GPT-2 (openai/gpt-2,
 * src/encoder.py).
 */
final class ByteAlphabet {
    private static final char[] TO_CHAR = new char[256];
    private static final short[] TO_BYTE = new short[0x144];

    static {
        Arrays.fill(TO_BYTE, (short) -1);
        char next = 0x100;
        for (int value = 0; value < 256; value++) {
            boolean visible = (value >= '!' && value <= '~') || (value >= 0xA1 && value != 0xAD);
            TO_CHAR[value] = visible ? (char) value : next++;
            TO_BYTE[TO_CHAR[value]] = (short) value;
        }
    }

    private ByteAlphabet() {}

    /** The character for the byte {@code value}, 0 to 255. */
    static char toChar(int value) {
        return TO_CHAR[value];
    }

    /** The byte, 0 to 255, that {@code character} stands for, or −1. */
    static int toByte(char character) {
        return character < TO_BYTE.length ? TO_BYTE[character] : -1;
    }

    /** The bytes that {@code piece} stands for; a character outside the alphabet is itself, in UTF-8. */
    static byte[] decode(String piece) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(piece.length());
        for (int i = 0; i < piece.length(); ) {
            int point = piece.codePointAt(i);
            int value = point <= 0xFFFF ? toByte((char) point) : -1;
            if (value >= 0) {
                bytes.write(value);
            } else {
                bytes.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
            }
            i += Character.charCount(point);
        }
        return bytes.toByteArray();
    }
}
