package org.llmspell.engine.tokenizer;

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
        int whole = bytes.length - Utf8.unfinished(bytes);
        held = Arrays.copyOfRange(bytes, whole, bytes.length);
        return Utf8.decode(bytes, whole);
    }

    @Override
    public String finish() {
        String rest = Utf8.decode(held, held.length);
        held = new byte[0];
        return rest;
    }
}
