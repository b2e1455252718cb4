package org.llmspell.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.llmspell.gguf.LittleEndian.INT;
import static org.llmspell.gguf.LittleEndian.LONG;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * A cursor over a header that never reads past its end: every length is checked before it is used, and nothing is
 * allocated that the bytes at hand do not back. Not thread-safe.
 */
final class HeaderReader {
    private final String file;
    private final MemorySegment bytes;
    private long position;
    private String subject = "header";

    HeaderReader(String file, MemorySegment bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    long position() {
        return position;
    }

    long remaining() {
        return bytes.byteSize() - position;
    }

    /** What is being read, for error messages. */
    void subject(String newSubject) {
        subject = newSubject;
    }

    GgufException error(String problem) {
        return new GgufException(file, subject + ": " + problem);
    }

    int int32(String what) throws GgufException {
        return bytes.get(INT, advance(Integer.BYTES, what));
    }

    long int64(String what) throws GgufException {
        return bytes.get(LONG, advance(Long.BYTES, what));
    }

    /** A string that must be valid UTF-8, not empty and at most {@code limit} bytes: a key or a name. */
    String name(String what, int limit) throws GgufException {
        long start = position;
        MemorySegment encoded = stringBytes(what);
        if (encoded.byteSize() == 0) {
            throw error("empty " + what + " at offset " + start);
        }
        if (encoded.byteSize() > limit) {
            throw error(what + " at offset " + start + " has a length of " + encoded.byteSize()
                    + " bytes, more than the limit of " + limit);
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(encoded.toArray(JAVA_BYTE)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw error(what + " at offset " + start + " is not valid UTF-8");
        }
    }

    /** A value type, or the element type of an array. */
    GgufType type(String what) throws GgufException {
        long start = position;
        int id = int32(what);
        return GgufType.fromId(id)
                .orElseThrow(
                        () -> error("unknown " + what + " " + Integer.toUnsignedString(id) + " at offset " + start));
    }

    GgufValue value(GgufType type) throws GgufException {
        return switch (type) {
            case UINT8 -> new GgufValue.IntegerValue(type, int8() & 0xFF);
            case INT8 -> new GgufValue.IntegerValue(type, int8());
            case UINT16 -> new GgufValue.IntegerValue(type, int16() & 0xFFFF);
            case INT16 -> new GgufValue.IntegerValue(type, int16());
            case UINT32 -> new GgufValue.IntegerValue(type, int32("value") & 0xFFFF_FFFFL);
            case INT32 -> new GgufValue.IntegerValue(type, int32("value"));
            case UINT64, INT64 -> new GgufValue.IntegerValue(type, int64("value"));
            case FLOAT32 -> new GgufValue.FloatValue(type, Float.intBitsToFloat(int32("value")));
            case FLOAT64 -> new GgufValue.FloatValue(type, Double.longBitsToDouble(int64("value")));
            case BOOL -> new GgufValue.BoolValue(bool());
            case STRING -> new GgufString(stringBytes("value"));
            case ARRAY -> array(1);
        };
    }

    /** An array, its elements checked and indexed but not decoded. */
    GgufArray array(int depth) throws GgufException {
        GgufType elementType = type("array element type");
        int count = arrayLength(elementType);
        long start = position;
        int[] offsets = elementType.bytes() > 0 ? new int[0] : new int[count];
        walk(elementType, count, depth, offsets);
        return new GgufArray(elementType, count, bytes.asSlice(start, position - start), offsets);
    }

    private void walk(GgufType elementType, int count, int depth, int[] offsets) throws GgufException {
        long start = position;
        switch (elementType) {
            case STRING -> {
                for (int i = 0; i < count; i++) {
                    if (i < offsets.length) {
                        offsets[i] = (int) (position - start);
                    }
                    skipString();
                }
            }
            case ARRAY -> {
                if (depth >= GgufLimits.ARRAY_DEPTH) {
                    throw error("arrays are nested deeper than " + GgufLimits.ARRAY_DEPTH + " levels");
                }
                for (int i = 0; i < count; i++) {
                    if (i < offsets.length) {
                        offsets[i] = (int) (position - start);
                    }
                    GgufType inner = type("array element type");
                    walk(inner, arrayLength(inner), depth + 1, new int[0]);
                }
            }
            case BOOL -> {
                for (int i = 0; i < count; i++) {
                    bool();
                }
            }
            default -> advance((long) count * elementType.bytes(), "array");
        }
    }

    private int arrayLength(GgufType elementType) throws GgufException {
        long start = position;
        long count = int64("array length");
        int least = switch (elementType) {
            case STRING -> Long.BYTES;
            case ARRAY -> Integer.BYTES + Long.BYTES;
            default -> elementType.bytes();
        };
        if (count < 0 || count > remaining() / least) {
            throw error("array length " + Long.toUnsignedString(count) + " of " + elementType.label() + " at offset "
                    + start + " passes the end of file: " + remaining() + " bytes follow (truncated or damaged)");
        }
        if (count > GgufLimits.ARRAY_ELEMENTS) {
            throw error("array length " + count + " at offset " + start + " is more than the limit of "
                    + GgufLimits.ARRAY_ELEMENTS);
        }
        return (int) count;
    }

    private MemorySegment stringBytes(String what) throws GgufException {
        long start = position;
        long length = int64(what + " length");
        if (length < 0 || length > remaining()) {
            throw stringPassesEnd(what, start, length);
        }
        return bytes.asSlice(advance(length, what), length);
    }

    /** The loop over a vocabulary: nothing but the checks. */
    private void skipString() throws GgufException {
        long start = position;
        long length = int64("string length");
        if (length < 0 || length > remaining()) {
            throw stringPassesEnd("string", start, length);
        }
        advance(length, "string");
    }

    private GgufException stringPassesEnd(String what, long start, long length) {
        String missing = length < 0 ? "" : ", " + (length - remaining()) + " bytes are missing";
        return error(what + " with string length " + Long.toUnsignedString(length) + " at offset " + start
                + " passes the end of file: " + remaining() + " bytes follow" + missing + " (truncated or damaged)");
    }

    private boolean bool() throws GgufException {
        long start = position;
        byte value = int8();
        if (value != 0 && value != 1) {
            throw error("bool at offset " + start + " is " + (value & 0xFF) + ", neither 0 nor 1");
        }
        return value == 1;
    }

    private byte int8() throws GgufException {
        return bytes.get(JAVA_BYTE, advance(1, "value"));
    }

    private short int16() throws GgufException {
        return bytes.get(LittleEndian.SHORT, advance(Short.BYTES, "value"));
    }

    /** Moves on by {@code length} bytes and returns where they begin. */
    private long advance(long length, String what) throws GgufException {
        long start = position;
        long end = start + length;
        if (end > bytes.byteSize()) {
            throw error(
                    "truncated: " + what + " at offset " + start + " needs " + length + " bytes, but the file ends at "
                            + bytes.byteSize() + ", " + (end - bytes.byteSize()) + " bytes are missing");
        }
        if (end > GgufLimits.HEADER_BYTES) {
            throw error("the header is longer than the limit of " + GgufLimits.HEADER_BYTES + " bytes");
        }
        position = end;
        return start;
    }
}
