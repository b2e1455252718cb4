package org.llmspell.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Writes GGUF files: metadata and tensors in the order given, tensor data streamed, so that memory does not grow with
 * the model. A file appears under its name only when it is complete. Not thread-safe.
 */
public final class GgufWriter {
    private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private int version = 3;
    private int alignment = GgufParser.DEFAULT_ALIGNMENT;

    private record Tensor(String name, BlockFormat format, List<Long> shape, long bytes, TensorData data) {}

    /** A file being written beside its final name. */
    private record Pending(Path temporary, Path target) {}

    /** Sets the version of the format, 2 or 3 (the default). They differ in the number only. */
    public GgufWriter version(int newVersion) {
        if (newVersion != 2 && newVersion != 3) {
            throw new IllegalArgumentException("GGUF version " + newVersion + " cannot be written");
        }
        version = newVersion;
        return this;
    }

    /** Sets the alignment of tensor data in bytes, a power of two, and {@code general.alignment} with it; 32 unless set. */
    public GgufWriter alignment(int bytes) {
        if (Integer.bitCount(bytes) != 1 || bytes < 0 || bytes > GgufLimits.ALIGNMENT) {
            throw new IllegalArgumentException(
                    "alignment " + bytes + " is not a power of two up to " + GgufLimits.ALIGNMENT);
        }
        alignment = bytes;
        metadata.put(GgufParser.ALIGNMENT_KEY, GgufValue.uint32(bytes));
        return this;
    }

    /**
     * Adds a metadata value, or replaces the one at {@code key}.
     *
     * @throws IllegalArgumentException if {@code key} is empty, too long or set by {@link #alignment}
     */
    public GgufWriter put(String key, GgufValue value) {
        if (!hasLength(key, GgufLimits.KEY_BYTES)) {
            throw new IllegalArgumentException("a key has 1 to " + GgufLimits.KEY_BYTES + " bytes");
        }
        if (key.equals(GgufParser.ALIGNMENT_KEY)) {
            throw new IllegalArgumentException("set " + key + " by alignment()");
        }
        metadata.put(key, value);
        return this;
    }

    /** Adds a string. */
    public GgufWriter put(String key, String value) {
        return put(key, GgufValue.string(value));
    }

    /** Adds a {@link GgufType#UINT32}, as hyper-parameters are. */
    public GgufWriter put(String key, int value) {
        return put(key, GgufValue.uint32(value));
    }

    /** Adds a {@link GgufType#FLOAT32}. */
    public GgufWriter put(String key, float value) {
        return put(key, GgufValue.float32(value));
    }

    /** Adds a truth value. */
    public GgufWriter put(String key, boolean value) {
        return put(key, GgufValue.bool(value));
    }

    /**
     * Adds a tensor.
     *
     * @param shape the dimensions, the length of a row first
     * @throws IllegalArgumentException if the name is taken, or the shape is none that a reader accepts
     */
    public GgufWriter tensor(String name, BlockFormat format, List<Long> shape, TensorData data) {
        if (!hasLength(name, GgufLimits.TENSOR_NAME_BYTES)) {
            throw new IllegalArgumentException("a tensor name has 1 to " + GgufLimits.TENSOR_NAME_BYTES + " bytes");
        }
        if (shape.size() > GgufLimits.DIMENSIONS) {
            throw new IllegalArgumentException(name + " has more than " + GgufLimits.DIMENSIONS + " dimensions");
        }
        List<Long> dimensions = List.copyOf(shape);
        Tensor tensor = new Tensor(name, format, dimensions, TensorShape.bytes(format, dimensions), data);
        if (tensors.putIfAbsent(name, tensor) != null) {
            throw new IllegalArgumentException("there is a tensor " + name + " already");
        }
        return this;
    }

    /** Adds a tensor with its bytes. */
    public GgufWriter tensor(String name, BlockFormat format, List<Long> shape, byte[] data) {
        return tensor(name, format, shape, TensorData.of(data));
    }

    /**
     * Writes everything as one file, replacing what is at {@code path} once it is complete.
     *
     * @throws IOException if writing fails or a tensor's data has another length than its shape says; nothing is left
     */
    public void write(Path path) throws IOException {
        move(List.of(pending(path, metadata, List.copyOf(tensors.values()))));
    }

    /**
     * Writes a split model, {@code PREFIX-00001-of-0000N.gguf} and so on, as gguf-split does: all metadata in the first
     * part. The files appear when all are complete.
     *
     * @param tensorsPerPart tensors in each part but the last, at least 1
     * @return the files in order
     * @throws IOException as {@link #write}
     */
    public List<Path> writeSplit(Path folder, String prefix, int tensorsPerPart) throws IOException {
        if (tensorsPerPart < 1) {
            throw new IllegalArgumentException(tensorsPerPart + " tensors per part");
        }
        List<Tensor> all = List.copyOf(tensors.values());
        int count = Math.max(1, Math.ceilDiv(all.size(), tensorsPerPart));
        List<Pending> parts = new ArrayList<>(count);
        try {
            for (int part = 0; part < count; part++) {
                Map<String, GgufValue> keys = part == 0 ? new LinkedHashMap<>(metadata) : new LinkedHashMap<>();
                if (alignment != GgufParser.DEFAULT_ALIGNMENT) {
                    keys.put(GgufParser.ALIGNMENT_KEY, GgufValue.uint32(alignment));
                }
                keys.put(SplitModel.NUMBER, GgufValue.integer(GgufType.UINT16, part));
                keys.put(SplitModel.COUNT, GgufValue.integer(GgufType.UINT16, count));
                keys.put(SplitModel.TENSORS, GgufValue.integer(GgufType.INT32, all.size()));
                int from = Math.min(all.size(), part * tensorsPerPart);
                int to = Math.min(all.size(), from + tensorsPerPart);
                Path target = folder.resolve(new SplitName(prefix, part + 1, count).fileName());
                parts.add(pending(target, keys, all.subList(from, to)));
            }
        } catch (Throwable e) {
            discard(parts);
            throw e;
        }
        return move(parts);
    }

    private static boolean hasLength(String name, int most) {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        return length > 0 && length <= most;
    }

    private static List<Path> move(List<Pending> files) throws IOException {
        try {
            for (Pending file : files) {
                Files.move(
                        file.temporary(),
                        file.target(),
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            }
        } finally {
            discard(files);
        }
        return files.stream().map(Pending::target).toList();
    }

    private static void discard(List<Pending> files) throws IOException {
        for (Pending file : files) {
            Files.deleteIfExists(file.temporary());
        }
    }

    private Pending pending(Path target, Map<String, GgufValue> keys, List<Tensor> content) throws IOException {
        String suffix = Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), 36);
        Path temporary = target.resolveSibling("." + target.getFileName() + "." + suffix + ".tmp");
        try (FileChannel channel =
                FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            Output out = new Output(channel);
            out.write(header(keys, content).buffer());
            for (Tensor tensor : content) {
                long start = out.written;
                tensor.data().writeTo(out);
                long written = out.written - start;
                if (written != tensor.bytes()) {
                    throw new IOException("tensor " + tensor.name() + " has " + tensor.bytes()
                            + " bytes by its shape, but " + written + " were given");
                }
                out.write(ByteBuffer.allocate((int) (padded(written) - written)));
            }
        } catch (Throwable e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
        return new Pending(temporary, target);
    }

    private ByteSink header(Map<String, GgufValue> keys, List<Tensor> content) {
        ByteSink sink = new ByteSink();
        for (byte b : GgufParser.MAGIC) {
            sink.putByte(b);
        }
        sink.putInt(version);
        sink.putLong(content.size());
        sink.putLong(keys.size());
        keys.forEach((key, value) -> {
            sink.putString(key);
            sink.putInt(value.type().id());
            sink.putValue(value);
        });
        long offset = 0;
        for (Tensor tensor : content) {
            sink.putString(tensor.name());
            sink.putInt(tensor.shape().size());
            tensor.shape().forEach(sink::putLong);
            sink.putInt(tensor.format().id());
            sink.putLong(offset);
            offset += padded(tensor.bytes());
        }
        sink.padTo(alignment);
        return sink;
    }

    private long padded(long bytes) {
        return Math.ceilDiv(bytes, alignment) * alignment;
    }

    /** Counts what passes through, and hands on every byte. */
    private static final class Output implements WritableByteChannel {
        private final FileChannel channel;
        private long written;

        Output(FileChannel channel) {
            this.channel = channel;
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            int length = source.remaining();
            while (source.hasRemaining()) {
                channel.write(source);
            }
            written += length;
            return length;
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        /** Closing is the writer's. */
        @Override
        public void close() {}
    }
}
