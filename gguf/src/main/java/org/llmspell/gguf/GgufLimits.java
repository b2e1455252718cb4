package org.llmspell.gguf;

/**
 * What the reader accepts at most. Real files stay far below (2026: 1,200 tensors, 60 keys, 262,144 tokens, a header of
 * 20 MB); a file beyond is broken or hostile, and refusing it bounds the time and the memory that opening costs.
 */
public final class GgufLimits {
    /** Metadata keys in a file. */
    public static final int METADATA_KEYS = 65_536;

    /** Tensors in a file. */
    public static final int TENSORS = 65_536;

    /** Bytes of a metadata key: the format's own limit, 2^16 − 1. */
    public static final int KEY_BYTES = 65_535;

    /** Bytes of a tensor name. The format says 64, but converters exceed that. */
    public static final int TENSOR_NAME_BYTES = 1_024;

    /** Elements of a metadata array. */
    public static final int ARRAY_ELEMENTS = 1 << 24;

    /** Levels of arrays in arrays. */
    public static final int ARRAY_DEPTH = 8;

    /** Bytes of the header: everything before the tensor data. */
    public static final int HEADER_BYTES = 1 << 28;

    /** Dimensions of a tensor: the format's own limit. */
    public static final int DIMENSIONS = 4;

    /** Largest {@code general.alignment} in bytes. */
    public static final int ALIGNMENT = 1 << 20;

    private GgufLimits() {}
}
