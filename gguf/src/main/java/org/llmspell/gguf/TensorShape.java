package org.llmspell.gguf;

import java.util.List;

/** The rule for a tensor's shape, which reader and writer share. */
final class TensorShape {
    // Far beyond any file, and low enough that adding a few such sizes cannot overflow.
    static final long MOST_BYTES = Long.MAX_VALUE / 4;

    private TensorShape() {}

    /**
     * The bytes of a tensor.
     *
     * @throws IllegalArgumentException saying what is wrong, if a dimension is not positive, the size overflows or a row
     *     is not a whole number of blocks
     */
    static long bytes(BlockFormat format, List<Long> shape) {
        long elements = 1;
        for (long dimension : shape) {
            if (dimension == 0) {
                throw new IllegalArgumentException("shape " + shown(shape) + " has a dimension of 0");
            }
            if (dimension < 0 || dimension > Long.MAX_VALUE / elements) {
                throw new IllegalArgumentException("shape " + shown(shape) + " overflows: 2^63 elements or more");
            }
            elements *= dimension;
        }
        long row = shape.isEmpty() ? 1 : shape.getFirst();
        if (row % format.blockElements() != 0) {
            throw new IllegalArgumentException("a row of " + row + " elements is not a multiple of the " + format
                    + " block of " + format.blockElements());
        }
        long blocks = elements / format.blockElements();
        if (blocks > MOST_BYTES / format.blockBytes()) {
            throw new IllegalArgumentException(
                    "shape " + shown(shape) + " overflows: its " + format + " data is larger than any file");
        }
        return blocks * format.blockBytes();
    }

    private static String shown(List<Long> shape) {
        return shape.stream().map(Long::toUnsignedString).toList().toString();
    }
}
