package org.llmspell.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.llmspell.gguf.LittleEndian.DOUBLE;
import static org.llmspell.gguf.LittleEndian.FLOAT;
import static org.llmspell.gguf.LittleEndian.INT;
import static org.llmspell.gguf.LittleEndian.LONG;
import static org.llmspell.gguf.LittleEndian.SHORT;

import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * A metadata array over its encoded bytes: a vocabulary of 150,000 strings costs an index of 600 kB, and each string is
 * decoded when asked for. Thread-safe; readable until the file it came from is closed.
 */
public final class GgufArray implements GgufValue {
    private static final int SHOWN = 8;

    private final GgufType elementType;
    private final int size;
    private final MemorySegment body;
    private final int[] offsets;

    /**
     * @param body the encoded elements, without the array's own type and count
     * @param offsets where each element begins in {@code body}; empty for elements of fixed size
     */
    GgufArray(GgufType elementType, int size, MemorySegment body, int[] offsets) {
        this.elementType = elementType;
        this.size = size;
        this.body = body;
        this.offsets = offsets;
    }

    static GgufArray ofInts(int... values) {
        ByteSink sink = new ByteSink();
        for (int value : values) {
            sink.putInt(value);
        }
        return new GgufArray(GgufType.INT32, values.length, sink.segment(), new int[0]);
    }

    static GgufArray ofFloats(float... values) {
        ByteSink sink = new ByteSink();
        for (float value : values) {
            sink.putInt(Float.floatToRawIntBits(value));
        }
        return new GgufArray(GgufType.FLOAT32, values.length, sink.segment(), new int[0]);
    }

    static GgufArray of(GgufType elementType, List<GgufValue> elements) {
        boolean fixed = elementType.bytes() > 0;
        int[] offsets = new int[fixed ? 0 : elements.size()];
        ByteSink sink = new ByteSink();
        for (int i = 0; i < elements.size(); i++) {
            GgufValue element = elements.get(i);
            if (element.type() != elementType) {
                throw new IllegalArgumentException(
                        "element " + i + " is " + element.typeLabel() + " in an array of " + elementType.label());
            }
            if (!fixed) {
                offsets[i] = sink.size();
            }
            sink.putValue(element);
        }
        return new GgufArray(elementType, elements.size(), sink.segment(), offsets);
    }

    @Override
    public GgufType type() {
        return GgufType.ARRAY;
    }

    @Override
    public String typeLabel() {
        return "array of " + elementType.label();
    }

    /** The type of every element. */
    public GgufType elementType() {
        return elementType;
    }

    /** The number of elements. */
    public int size() {
        return size;
    }

    /** The element at {@code index}, decoded. */
    public GgufValue get(int index) {
        return switch (elementType) {
            case STRING -> new GgufString(encodedString(index));
            case ARRAY -> nested(index);
            case BOOL -> new BoolValue(body.get(JAVA_BYTE, at(index)) != 0);
            case FLOAT32, FLOAT64 -> new FloatValue(elementType, floatAt(index));
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 ->
                new IntegerValue(elementType, bitsAt(index));
        };
    }

    /**
     * A copy of the bytes of string {@code index}, as stored.
     *
     * @throws IllegalStateException if the elements are not strings
     */
    public byte[] bytes(int index) {
        return encodedString(index).toArray(JAVA_BYTE);
    }

    /**
     * The strings, each decoded at every access; malformed UTF-8 becomes U+FFFD. The list owns a copy of the bytes and
     * outlives the file.
     *
     * @throws IllegalStateException if the elements are not strings
     */
    public List<String> asStrings() {
        require(elementType == GgufType.STRING, "strings");
        return new Strings(body.toArray(JAVA_BYTE), offsets);
    }

    /**
     * The elements as {@code int}, from any integer type.
     *
     * @throws IllegalStateException if the elements are not integers
     * @throws ArithmeticException if one does not fit
     */
    public int[] toInts() {
        require(elementType.isInteger(), "integers");
        if (elementType == GgufType.INT32) {
            return body.toArray(INT);
        }
        int[] values = new int[size];
        for (int i = 0; i < size; i++) {
            values[i] = Math.toIntExact(longAt(i));
        }
        return values;
    }

    /**
     * The elements as {@code long}, from any integer type.
     *
     * @throws IllegalStateException if the elements are not integers
     * @throws ArithmeticException if one is 2^63 or more
     */
    public long[] toLongs() {
        require(elementType.isInteger(), "integers");
        long[] values = new long[size];
        for (int i = 0; i < size; i++) {
            values[i] = longAt(i);
        }
        return values;
    }

    /**
     * The elements as {@code float}; float64 is rounded.
     *
     * @throws IllegalStateException if the elements are not of a floating-point type
     */
    public float[] toFloats() {
        require(elementType.isFloat(), "floats");
        if (elementType == GgufType.FLOAT32) {
            return body.toArray(FLOAT);
        }
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) floatAt(i);
        }
        return values;
    }

    MemorySegment body() {
        return body;
    }

    private long longAt(int index) {
        return new IntegerValue(elementType, bitsAt(index)).longValue();
    }

    private long bitsAt(int index) {
        long at = at(index);
        return switch (elementType) {
            case UINT8 -> body.get(JAVA_BYTE, at) & 0xFF;
            case INT8 -> body.get(JAVA_BYTE, at);
            case UINT16 -> body.get(SHORT, at) & 0xFFFF;
            case INT16 -> body.get(SHORT, at);
            case UINT32 -> body.get(INT, at) & 0xFFFF_FFFFL;
            case INT32 -> body.get(INT, at);
            case UINT64, INT64 -> body.get(LONG, at);
            case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> throw new IllegalStateException(typeLabel());
        };
    }

    private double floatAt(int index) {
        return elementType == GgufType.FLOAT32 ? body.get(FLOAT, at(index)) : body.get(DOUBLE, at(index));
    }

    private long at(int index) {
        return (long) Objects.checkIndex(index, size) * elementType.bytes();
    }

    private MemorySegment encodedString(int index) {
        require(elementType == GgufType.STRING, "strings");
        long at = offsets[index];
        return body.asSlice(at + Long.BYTES, body.get(LONG, at));
    }

    private GgufValue nested(int index) {
        long end = index + 1 < size ? offsets[index + 1] : body.byteSize();
        MemorySegment element = body.asSlice(offsets[index], end - offsets[index]);
        HeaderReader in = new HeaderReader("metadata array", element);
        try {
            return in.array(1);
        } catch (GgufException e) {
            // It was valid when the file was opened: someone wrote to the mapped file since.
            throw new UncheckedIOException(e);
        }
    }

    private void require(boolean met, String what) {
        if (!met) {
            throw new IllegalStateException("an " + typeLabel() + " holds no " + what);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof GgufArray that
                && elementType == that.elementType
                && size == that.size
                && body.mismatch(that.body) < 0;
    }

    @Override
    public int hashCode() {
        return 31 * size + elementType.hashCode();
    }

    /** The first few elements, for people; of arrays in the array only their type and size. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < Math.min(size, SHOWN); i++) {
            GgufValue element = get(i);
            text.append(i == 0 ? "" : ", ");
            if (element instanceof GgufArray array) {
                text.append(array.size).append(" in an ").append(array.typeLabel());
            } else {
                text.append(element);
            }
        }
        return text.append(size > SHOWN ? ", … " + size + " in all]" : "]").toString();
    }

    /** The strings over a copy of their bytes on the heap, which a JVM that has just started reads faster. */
    private static final class Strings extends AbstractList<String> implements RandomAccess {
        private final byte[] bytes;
        private final int[] offsets;

        Strings(byte[] bytes, int[] offsets) {
            this.bytes = bytes;
            this.offsets = offsets;
        }

        @Override
        public String get(int index) {
            int start = offsets[index] + Long.BYTES;
            int end = index + 1 < offsets.length ? offsets[index + 1] : bytes.length;
            return new String(bytes, start, end - start, StandardCharsets.UTF_8);
        }

        @Override
        public int size() {
            return offsets.length;
        }
    }
}
