package org.llmspell.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing buffer that encodes a GGUF header. Not thread-safe. */
final class ByteSink {
    private byte[] bytes = new byte[256];
    private int size;

    int size() {
        return size;
    }

    void putByte(int value) {
        reserve(1);
        bytes[size++] = (byte) value;
    }

    void putShort(int value) {
        putByte(value);
        putByte(value >> 8);
    }

    void putInt(int value) {
        putShort(value);
        putShort(value >> 16);
    }

    void putLong(long value) {
        putInt((int) value);
        putInt((int) (value >> 32));
    }

    void putString(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        putLong(utf8.length);
        putSegment(MemorySegment.ofArray(utf8));
    }

    /** The value without its type, as it stands in an array. */
    void putValue(GgufValue value) {
        switch (value) {
            case GgufValue.IntegerValue(GgufType type, long bits) -> {
                switch (type.bytes()) {
                    case 1 -> putByte((int) bits);
                    case 2 -> putShort((int) bits);
                    case 4 -> putInt((int) bits);
                    default -> putLong(bits);
                }
            }
            case GgufValue.FloatValue(GgufType type, double number) -> {
                if (type == GgufType.FLOAT32) {
                    putInt(Float.floatToRawIntBits((float) number));
                } else {
                    putLong(Double.doubleToRawLongBits(number));
                }
            }
            case GgufValue.BoolValue(boolean truth) -> putByte(truth ? 1 : 0);
            case GgufString string -> {
                putLong(string.segment().byteSize());
                putSegment(string.segment());
            }
            case GgufArray array -> {
                putInt(array.elementType().id());
                putLong(array.size());
                putSegment(array.body());
            }
        }
    }

    /** Zeros up to the next multiple of {@code alignment}. */
    void padTo(int alignment) {
        int padding = Math.floorMod(-size, alignment);
        reserve(padding);
        size += padding;
    }

    /** The bytes so far; they change with further writes. */
    MemorySegment segment() {
        return MemorySegment.ofArray(bytes).asSlice(0, size);
    }

    /** The bytes so far, to be read from. */
    ByteBuffer buffer() {
        return ByteBuffer.wrap(bytes, 0, size);
    }

    private void putSegment(MemorySegment segment) {
        int length = Math.toIntExact(segment.byteSize());
        reserve(length);
        MemorySegment.copy(segment, JAVA_BYTE, 0, bytes, size, length);
        size += length;
    }

    private void reserve(int more) {
        int needed = Math.addExact(size, more);
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, (int) Math.min(2L * bytes.length, Integer.MAX_VALUE - 8)));
        }
    }
}
