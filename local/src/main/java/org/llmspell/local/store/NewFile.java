package org.llmspell.local.store;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;

/**
 * A file that is about to be written where the user said: what would make that fail is said before it begins.
 *
 * @param force replace what is there
 */
public record NewFile(Path path, boolean force) {
    /** Writes the file, whole or not at all. */
    public interface Writing<T> {
        T write() throws IOException;
    }

    /** The folder that it comes into. */
    public Path folder() {
        @Nullable Path parent = path.toAbsolutePath().getParent();
        return parent == null ? path.toAbsolutePath() : parent;
    }

    /**
     * Checks the place.
     *
     * @throws LocalModelException if there is no such folder, the path is a folder, or a file is there that may not be replaced
     */
    public void check() {
        if (!Files.isDirectory(folder())) {
            throw new LocalModelException(
                    Kind.INVALID_REQUEST, "There is no folder " + folder(), "Make it, or name another one");
        }
        if (Files.isDirectory(path)) {
            throw new LocalModelException(Kind.INVALID_REQUEST, path + " is a folder", "Name the file to write in it");
        }
        if (!force && Files.exists(path)) {
            throw new LocalModelException(
                    Kind.STORE, path + " exists already", "Replace it: --force", "Name another file");
        }
    }

    /**
     * Checks that there is room.
     *
     * @param bytes that will be written
     */
    public void requireSpace(long bytes) throws IOException {
        requireSpace(bytes, folder -> Files.getFileStore(folder).getUsableSpace());
    }

    void requireSpace(long bytes, ModelStore.DiskSpace space) throws IOException {
        StoreErrors.requireSpace(folder(), space.usable(folder()), bytes, "Free some space, or write elsewhere");
    }

    /**
     * Writes it.
     *
     * @param what is cancelled when the thread is interrupted, such as {@code The conversion}
     * @throws LocalModelException if that fails
     */
    public <T> T write(String what, Writing<T> writing) {
        try {
            return writing.write();
        } catch (ClosedByInterruptException e) {
            throw new LocalModelException(Kind.CANCELLED, what + " was cancelled", null, List.of(), e);
        } catch (IOException e) {
            throw new LocalModelException(
                    Kind.TRANSFER_FAILED,
                    "Failed to write " + path + ": " + StoreErrors.reason(e),
                    null,
                    List.of("Check that the folder can be written and that there is room"),
                    e);
        }
    }
}
