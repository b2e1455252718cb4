package org.llmspell.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A cursor over a header that never reads past its end: every length is checked before it is used, and nothing is
 * allocated that the bytes at hand do not back. Not thread-safe.
 */
final class HeaderReader {
    private static final int WINDOW = 1 << 16;

    private final String file;
    private final MemorySegment bytes;
    private final long size;
    private long position;

    // The bytes around the position. Before the JIT has warmed up, reading a heap array is several times faster than
    // reading a segment, and opening a model is among the first things that a process does.
    private final byte[] window;
    private long windowStart;
    private int windowLength;

    private String subjectKind = "header";
    private String subjectName = "";
    private int subjectNumber;
    private int subjectCount;

    HeaderReader(String file, MemorySegment bytes) {
        this.file = file;
        this.bytes = bytes;
        this.size = bytes.byteSize();
        this.window = new byte[(int) Math.min(WINDOW, size)];
    }

    long position() {
        return position;
    }

    long remaining() {
        return size - position;
    }

    /** Says, for error messages, that number {@code number} of {@code count} is read next; kept cheap for good files. */
    void subject(String kind, int number, int count) {
        subjectKind = kind;
        subjectName = "";
        subjectNumber = number;
        subjectCount = count;
    }

    /** The name of what is being read, now that it is known. */
    void subjectName(String name) {
        subjectName = name;
    }

    GgufException error(String problem) {
        String which = subjectName.isEmpty() ? subjectNumber + " of " + subjectCount : GgufException.quote(subjectName);
        return new GgufException(file, (subjectCount == 0 ? subjectKind : subjectKind + " " + which) + ": " + problem);
    }

    int int32(String what) throws GgufException {
        return littleEndian32(load(Integer.BYTES, what));
    }

    long int64(String what) throws GgufException {
        int at = load(Long.BYTES, what);
        return (littleEndian32(at) & 0xFFFF_FFFFL) | (long) littleEndian32(at + Integer.BYTES) << 32;
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
        Optional<GgufType> type = GgufType.fromId(id);
        if (type.isEmpty()) {
            throw error("unknown " + what + " " + Integer.toUnsignedString(id) + " at offset " + start);
        }
        return type.get();
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
        long length = int64(what);
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
        return window[load(1, "value")];
    }

    private short int16() throws GgufException {
        int at = load(Short.BYTES, "value");
        return (short) ((window[at] & 0xFF) | window[at + 1] << 8);
    }

    private int littleEndian32(int at) {
        return (window[at] & 0xFF)
                | (window[at + 1] & 0xFF) << 8
                | (window[at + 2] & 0xFF) << 16
                | window[at + 3] << 24;
    }

    /** Moves on by {@code length} bytes, a number's, and returns where they are in the window. */
    private int load(int length, String what) throws GgufException {
        long start = advance(length, what);
        if (start < windowStart || start + length > windowStart + windowLength) {
            windowStart = start;
            windowLength = (int) Math.min(window.length, size - start);
            MemorySegment.copy(bytes, JAVA_BYTE, start, window, 0, windowLength);
        }
        return (int) (start - windowStart);
    }

    /** Moves on by {@code length} bytes and returns where they begin. */
    private long advance(long length, String what) throws GgufException {
        long start = position;
        long end = start + length;
        if (end > size) {
            throw error("truncated: " + what + " at offset " + start + " needs " + length
                    + " bytes, but the file ends at " + size + ", " + (end - size) + " bytes are missing");
        }
        if (end > GgufLimits.HEADER_BYTES) {
            throw error("the header is longer than the limit of " + GgufLimits.HEADER_BYTES + " bytes");
        }
        position = end;
        return start;
    }
}
