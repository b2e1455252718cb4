package org.llmspell.gguf;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor of a file: its name, format, shape and bytes.
 *
 * @param shape the dimensions in ggml's order: {@code shape[0]} is the length of a row, whose elements are consecutive;
 *     none for a scalar, at most four
 * @param data exactly {@link #byteSize()} bytes, read-only when they came from a file; they belong to the file and are
 *     readable until it is closed. Their address has the file's {@code general.alignment}, 32 unless it says otherwise
 */
public record TensorInfo(String name, BlockFormat format, List<Long> shape, MemorySegment data) {
    public TensorInfo {
        shape = List.copyOf(shape);
    }

    /** The number of elements. */
    public long elements() {
        return columns() * rows();
    }

    /** The length of a row in elements: the first dimension, or 1 for a scalar. */
    public long columns() {
        return shape.isEmpty() ? 1 : shape.getFirst();
    }

    /** The number of rows: the product of all dimensions but the first. */
    public long rows() {
        long rows = 1;
        for (int i = 1; i < shape.size(); i++) {
            rows *= shape.get(i);
        }
        return rows;
    }

    /** Bytes of the stored elements, without padding. */
    public long byteSize() {
        return data.byteSize();
    }

    /** Name, format and shape, for people. */
    @Override
    public String toString() {
        return name + " " + format + " " + shape;
    }
}
