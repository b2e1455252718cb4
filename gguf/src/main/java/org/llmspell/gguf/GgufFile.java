package org.llmspell.gguf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A GGUF model file, validated and memory-mapped: nothing is copied, tensors are views of the file. A split model is
 * opened through any of its parts and appears as one.
 *
 * <p>Immutable, and safe for use by many threads. Closing it unmaps the file: every tensor, string and array that came
 * from it then throws {@link IllegalStateException} on access. A file must not be shortened or written to while open.
 */
public final class GgufFile implements AutoCloseable {
    private final Arena arena;
    private final List<Path> files;
    private final long fileBytes;
    private final int version;
    private final GgufMetadata metadata;
    private final List<TensorInfo> tensors;
    private final Map<String, TensorInfo> byName;

    private GgufFile(Arena arena, List<Path> files, long fileBytes, List<GgufParser.Part> parts) {
        this.arena = arena;
        this.files = List.copyOf(files);
        this.fileBytes = fileBytes;
        this.version = parts.getFirst().version();
        this.metadata = parts.getFirst().metadata();
        List<TensorInfo> all = new ArrayList<>();
        this.byName = new HashMap<>();
        for (GgufParser.Part part : parts) {
            for (TensorInfo tensor : part.tensors()) {
                all.add(tensor);
                byName.put(tensor.name(), tensor);
            }
        }
        this.tensors = List.copyOf(all);
    }

    /**
     * Opens a model; if {@code path} is one part of a split model, with all parts, which lie beside it.
     *
     * @throws GgufException if the file cannot be read, is not valid GGUF, or a part is missing or does not belong
     */
    public static GgufFile open(Path path) throws GgufException {
        return open(path, true);
    }

    /**
     * Opens one file as it is, even if it is only a part of a split model.
     *
     * @throws GgufException if the file cannot be read or is not valid GGUF
     */
    public static GgufFile openPart(Path path) throws GgufException {
        return open(path, false);
    }

    /**
     * Reads a file's content from memory, which stays the caller's: {@link #close} does not free it.
     *
     * @param name what error messages call it
     * @throws GgufException if it is not valid GGUF
     */
    public static GgufFile of(String name, MemorySegment content) throws GgufException {
        MemorySegment bytes = content.asReadOnly();
        return new GgufFile(Arena.global(), List.of(), bytes.byteSize(), List.of(GgufParser.parse(name, bytes)));
    }

    // The arena outlives this method: it is closed by close(), or here when the file is refused.
    @SuppressWarnings("MustBeClosedChecker")
    private static GgufFile open(Path path, boolean join) throws GgufException {
        Arena arena = Arena.ofShared();
        try {
            MemorySegment first = map(path, arena);
            GgufParser.Part given = GgufParser.parse(path.toString(), first);
            List<Path> files = join ? SplitModel.files(path, given.metadata()) : List.of(path);
            List<GgufParser.Part> parts = new ArrayList<>(files.size());
            long fileBytes = 0;
            for (Path file : files) {
                MemorySegment bytes = file.equals(path) ? first : map(file, arena);
                parts.add(file.equals(path) ? given : GgufParser.parse(file.toString(), bytes));
                fileBytes += bytes.byteSize();
            }
            if (files.size() > 1) {
                SplitModel.check(files, parts);
            }
            return new GgufFile(arena, files, fileBytes, parts);
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    private static MemorySegment map(Path path, Arena arena) throws GgufException {
        String name = path.toString();
        try {
            if (Files.isDirectory(path)) {
                throw new GgufException(name, "is a folder, not a GGUF file");
            }
            if (Files.exists(path) && !Files.isRegularFile(path)) {
                throw new GgufException(name, "is a device or pipe, not a GGUF file");
            }
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
                return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
            }
        } catch (GgufException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw new GgufException(name, "no such file");
        } catch (AccessDeniedException e) {
            throw new GgufException(name, "cannot be read: permission denied");
        } catch (IOException e) {
            throw new GgufException(name, "cannot be read: " + e.getMessage());
        }
    }

    /** The format's version, 2 or 3. */
    public int version() {
        return version;
    }

    /** The metadata; of a split model, that of its first part. */
    public GgufMetadata metadata() {
        return metadata;
    }

    /** Every tensor in the file's order; of a split model, part after part. */
    public List<TensorInfo> tensors() {
        return tensors;
    }

    /** The tensor called {@code name}. */
    public Optional<TensorInfo> tensor(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** The files that make up the model, in order: one, or the parts of a split one; none if it was read from memory. */
    public List<Path> files() {
        return files;
    }

    /** Bytes of all files together. */
    public long fileBytes() {
        return fileBytes;
    }

    /**
     * Unmaps the file; further calls do nothing.
     *
     * @throws IllegalStateException if native code is reading the file just now
     */
    @Override
    public void close() {
        if (!files.isEmpty() && arena.scope().isAlive()) {
            arena.close();
        }
    }
}
