package org.llmspell.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.IntFunction;

/** Joins the bytes of tokens and gives out whole UTF-8 characters, holding back at most three bytes of one that may go on. */
final class Utf8StreamDecoder implements StreamDecoder {
    private final IntFunction<byte[]> bytesOf;
    private byte[] held = new byte[0];

    Utf8StreamDecoder(IntFunction<byte[]> bytesOf) {
        this.bytesOf = bytesOf;
    }

    @Override
    public String next(int id) {
        byte[] added = bytesOf.apply(id);
        byte[] bytes = Arrays.copyOf(held, held.length + added.length);
        System.arraycopy(added, 0, bytes, held.length, added.length);
        int whole = bytes.length - unfinished(bytes);
        held = Arrays.copyOfRange(bytes, whole, bytes.length);
        return new String(bytes, 0, whole, StandardCharsets.UTF_8);
    }

    @Override
    public String finish() {
        String rest = new String(held, StandardCharsets.UTF_8);
        held = new byte[0];
        return rest;
    }

    /** How many bytes at the end are the valid beginning of a character that more bytes could complete: 0 to 3. */
    private static int unfinished(byte[] bytes) {
        for (int count = 1; count <= Math.min(3, bytes.length); count++) {
            int lead = bytes[bytes.length - count] & 0xFF;
            if (lead >= 0xC0) {
                int length = lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xF0 && lead < 0xF5 ? 4 : 1;
                boolean begun = count < length && (count == 1 || mayFollow(lead, bytes[bytes.length - count + 1] & 0xFF));
                return begun ? count : 0;
            }
            if (lead < 0x80) {
                return 0;
            }
        }
        return 0;
    }

    /** Whether a continuation byte fits the lead byte: overlong forms, surrogates and values past U+10FFFF do not. */
    private static boolean mayFollow(int lead, int second) {
        return switch (lead) {
            case 0xE0 -> second >= 0xA0;
            case 0xED -> second < 0xA0;
            case 0xF0 -> second >= 0x90;
            case 0xF4 -> second < 0x90;
            default -> true;
        };
    }
}
