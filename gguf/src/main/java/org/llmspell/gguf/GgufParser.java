package org.llmspell.gguf;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * Reads one GGUF file, version 2 or 3, from memory, and believes nothing: counts, lengths, shapes and offsets are all
 * checked against the file's real size before use. Source of the layout: the GGUF specification in ggml, docs/gguf.md.
 */
final class GgufParser {
    static final String ALIGNMENT_KEY = "general.alignment";
    static final int DEFAULT_ALIGNMENT = 32;
    static final byte[] MAGIC = {'G', 'G', 'U', 'F'};

    // The least that a key with its value, and a tensor's description, take: what a count is held against.
    private static final int LEAST_KEY_BYTES = 8 + 1 + 4 + 1;
    private static final int LEAST_TENSOR_BYTES = 8 + 1 + 4 + 4 + 8;

    private final String file;
    private final MemorySegment bytes;
    private final HeaderReader in;

    /** One file's content; of a split model, one part. */
    record Part(int version, GgufMetadata metadata, List<TensorInfo> tensors) {}

    /** A tensor as described, before its data is known to be there. */
    private record Described(String name, BlockFormat format, List<Long> shape, long offset, long size) {}

    private GgufParser(String file, MemorySegment bytes) {
        this.file = file;
        this.bytes = bytes;
        this.in = new HeaderReader(file, bytes);
    }

    static Part parse(String file, MemorySegment bytes) throws GgufException {
        return new GgufParser(file, bytes).part();
    }

    private Part part() throws GgufException {
        checkMagic();
        int version = version();
        long tensorCount = in.int64("tensor count");
        long keyCount = in.int64("metadata key count");
        checkCount("tensor", tensorCount, GgufLimits.TENSORS, LEAST_TENSOR_BYTES);
        checkCount("metadata key", keyCount, GgufLimits.METADATA_KEYS, LEAST_KEY_BYTES);
        GgufMetadata metadata = new GgufMetadata(file, keys((int) keyCount));
        int alignment = alignment(metadata);
        List<Described> described = described((int) tensorCount, alignment);
        long dataStart = Math.ceilDiv(in.position(), alignment) * (long) alignment;
        return new Part(version, metadata, located(described, dataStart));
    }

    private void checkMagic() throws GgufException {
        int length = (int) Math.min(bytes.byteSize(), MAGIC.length);
        boolean magic = length > 0
                && bytes.asSlice(0, length)
                                .mismatch(MemorySegment.ofArray(MAGIC).asSlice(0, length))
                        < 0;
        if (!magic || length < MAGIC.length) {
            throw new GgufException(
                    file,
                    "not a GGUF file: "
                            + (magic ? "only the first " + length + " bytes of one" : FileKind.describe(bytes)));
        }
        in.int32("magic");
    }

    private int version() throws GgufException {
        int version = in.int32("version");
        if (version == 2 || version == 3) {
            return version;
        }
        if (version != 0 && (version & 0xFFFF) == 0) {
            throw new GgufException(
                    file,
                    "a big-endian GGUF file (version " + Integer.reverseBytes(version)
                            + "): only little-endian files can be read; convert it with gguf_convert_endian.py");
        }
        throw new GgufException(
                file,
                "GGUF version " + Integer.toUnsignedString(version) + " is not supported: only versions 2 and 3 are"
                        + (version == 1 ? "; convert the model again" : ""));
    }

    private void checkCount(String what, long count, int limit, int leastBytes) throws GgufException {
        if (count < 0 || count > limit) {
            throw new GgufException(
                    file, what + " count " + Long.toUnsignedString(count) + " is more than the limit of " + limit);
        }
        if (count > in.remaining() / leastBytes) {
            throw new GgufException(
                    file,
                    what + " count " + count + " passes the end of file: only " + in.remaining()
                            + " bytes follow the header (truncated or damaged)");
        }
    }

    private SequencedMap<String, GgufValue> keys(int count) throws GgufException {
        SequencedMap<String, GgufValue> values = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            in.subject("metadata key", i + 1, count);
            String key = in.name("key", GgufLimits.KEY_BYTES);
            in.subjectName(key);
            GgufType type = in.type("value type");
            if (values.putIfAbsent(key, in.value(type)) != null) {
                throw in.error("duplicate key");
            }
        }
        return values;
    }

    private int alignment(GgufMetadata metadata) throws GgufException {
        Optional<GgufValue> value = metadata.get(ALIGNMENT_KEY);
        if (value.isEmpty()) {
            return DEFAULT_ALIGNMENT;
        }
        if (!(value.get() instanceof GgufValue.IntegerValue(GgufType type, long alignment))
                || type != GgufType.UINT32) {
            throw new GgufException(
                    file, ALIGNMENT_KEY + " has type " + value.get().typeLabel() + ", expected uint32");
        }
        if (Long.bitCount(alignment) != 1 || alignment > GgufLimits.ALIGNMENT) {
            throw new GgufException(
                    file, ALIGNMENT_KEY + " is " + alignment + ", not a power of two up to " + GgufLimits.ALIGNMENT);
        }
        return (int) alignment;
    }

    private List<Described> described(int count, int alignment) throws GgufException {
        List<Described> tensors = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < count; i++) {
            in.subject("tensor", i + 1, count);
            String name = in.name("name", GgufLimits.TENSOR_NAME_BYTES);
            in.subjectName(name);
            if (!names.add(name)) {
                throw in.error("duplicate tensor name");
            }
            tensors.add(described(name, alignment));
        }
        return tensors;
    }

    private Described described(String name, int alignment) throws GgufException {
        int dimensions = in.int32("number of dimensions");
        if (dimensions < 0 || dimensions > GgufLimits.DIMENSIONS) {
            throw in.error("has " + Integer.toUnsignedString(dimensions) + " dimensions, more than the limit of "
                    + GgufLimits.DIMENSIONS);
        }
        List<Long> shape = new ArrayList<>(dimensions);
        for (int i = 0; i < dimensions; i++) {
            shape.add(in.int64("dimension"));
        }
        int typeId = in.int32("tensor type");
        Optional<BlockFormat> format = BlockFormat.fromId(typeId);
        if (format.isEmpty()) {
            throw in.error("tensor type " + Integer.toUnsignedString(typeId)
                    + " is not supported (unknown, or removed from ggml)");
        }
        long size = size(format.get(), shape);
        long offset = in.int64("offset");
        if (offset < 0 || offset > TensorShape.MOST_BYTES) {
            throw in.error("offset " + Long.toUnsignedString(offset) + " is beyond the end of file");
        }
        if (offset % alignment != 0) {
            throw in.error("offset " + offset + " is not a multiple of the alignment " + alignment);
        }
        return new Described(name, format.get(), shape, offset, size);
    }

    private long size(BlockFormat format, List<Long> shape) throws GgufException {
        try {
            return TensorShape.bytes(format, shape);
        } catch (IllegalArgumentException e) {
            throw in.error(String.valueOf(e.getMessage()));
        }
    }

    /** Every tensor's data as a slice of the file; none may overlap another or pass the end. */
    private List<TensorInfo> located(List<Described> described, long dataStart) throws GgufException {
        List<Described> byOffset = new ArrayList<>(described);
        byOffset.sort(Comparator.comparingLong(Described::offset));
        long end = 0;
        for (Described tensor : byOffset) {
            if (tensor.offset() < end) {
                throw new GgufException(
                        file,
                        "tensor " + GgufException.quote(tensor.name()) + " at offset " + tensor.offset()
                                + " overlaps the one before it, which ends at " + end);
            }
            end = tensor.offset() + tensor.size();
        }
        if (!described.isEmpty() && dataStart + end > bytes.byteSize()) {
            throw truncated(byOffset, dataStart, dataStart + end);
        }
        List<TensorInfo> tensors = new ArrayList<>(described.size());
        for (Described tensor : described) {
            MemorySegment data = bytes.asSlice(dataStart + tensor.offset(), tensor.size());
            tensors.add(new TensorInfo(tensor.name(), tensor.format(), tensor.shape(), data));
        }
        return List.copyOf(tensors);
    }

    private GgufException truncated(List<Described> byOffset, long dataStart, long expected) {
        long size = bytes.byteSize();
        Described first = byOffset.stream()
                .filter(tensor -> dataStart + tensor.offset() + tensor.size() > size)
                .findFirst()
                .orElseThrow();
        return new GgufException(
                file,
                "truncated: tensor " + GgufException.quote(first.name())
                        + " passes the end of file; it should be " + expected + " bytes long and has " + size + ", "
                        + (expected - size) + " are missing (an unfinished download?)");
    }
}
