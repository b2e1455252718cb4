package org.llmspell.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A metadata string: UTF-8 by the specification, but any bytes in practice, so that both views are offered. */
public final class GgufString implements GgufValue {
    private final MemorySegment utf8;

    GgufString(MemorySegment utf8) {
        this.utf8 = utf8;
    }

    static GgufString of(String text) {
        return new GgufString(MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public GgufType type() {
        return GgufType.STRING;
    }

    /** The text, decoded at every call; each malformed UTF-8 sequence becomes U+FFFD. */
    public String text() {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    /** A copy of the bytes as stored. */
    public byte[] bytes() {
        return utf8.toArray(JAVA_BYTE);
    }

    MemorySegment segment() {
        return utf8;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof GgufString that && utf8.mismatch(that.utf8) < 0;
    }

    @Override
    public int hashCode() {
        return text().hashCode();
    }

    @Override
    public String toString() {
        return text();
    }
}
