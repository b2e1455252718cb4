package org.llmspell.local.store;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.llmspell.local.LocalModelException;

/** The store's failures in the user's words. */
final class StoreErrors {
    /** For the manifest and the file system's own needs. */
    private static final long SPARE = 1 << 20;

    private StoreErrors() {}

    /** Why {@code e} happened, without the paths that Java puts before the reason. */
    static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof NoSuchFileException) {
            return "no such file or folder";
        }
        if (e instanceof FileSystemException system && system.getReason() != null) {
            return system.getReason();
        }
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message;
    }

    static LocalModelException notAFolder(Path directory) {
        return new LocalModelException(
                LocalModelException.Kind.STORE,
                "The model directory " + directory + " is not a directory",
                elsewhere());
    }

    static LocalModelException unreadable(Path directory, IOException e) {
        return failed("The model directory " + directory + " cannot be read: " + reason(e), e);
    }

    static LocalModelException unwritable(Path directory, IOException e) {
        return failed("The model directory " + directory + " cannot be written: " + reason(e), e);
    }

    /**
     * Refuses to begin what would fill the disk.
     *
     * @param usable bytes that may be written there
     * @param needed by the model's files
     */
    static void requireSpace(Path where, long usable, long needed, String... solutions) {
        if (usable < needed + SPARE) {
            throw new LocalModelException(
                    LocalModelException.Kind.STORE,
                    "Not enough disk space in " + where + ": the model needs " + megabytes(needed) + " MB, "
                            + megabytes(usable) + " MB are free",
                    solutions);
        }
    }

    private static long megabytes(long bytes) {
        return Math.ceilDiv(bytes, 1_000_000);
    }

    private static LocalModelException failed(String message, IOException e) {
        return new LocalModelException(
                LocalModelException.Kind.STORE,
                message,
                null,
                List.of("Check the permissions of the directory", elsewhere()),
                e);
    }

    private static String elsewhere() {
        return "Name another one: model_directory under [providers.candle.options] in the configuration, or the variable"
                + " LLMSPELL_MODEL_DIR";
    }
}
