package org.llmspell.local.store;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.PullProgress;

/**
 * What to bring into the store, and how.
 *
 * @param file a GGUF file, or any part of a split one
 * @param name null to guess it from the file
 * @param variant null to guess it from the file
 * @param placement how it gets there
 * @param force replace a model of that name
 * @param progress told of the phases {@code copying} or {@code verifying}, and {@code success} at the end; on the calling
 *     thread
 */
public record ImportRequest(
        Path file,
        @Nullable String name,
        @Nullable String variant,
        Placement placement,
        boolean force,
        Consumer<PullProgress> progress) {

    /** How a file gets into the store. */
    public enum Placement {
        /** A copy of its own: safe whatever happens to the original. The default. */
        COPY,
        /** The same data under a second name: no space, only within one file system. */
        HARD_LINK,
        /** A pointer: no space, gone when the original goes. */
        SYMBOLIC_LINK
    }

    /** Copies {@code file} under the name guessed from it. */
    public static ImportRequest of(Path file) {
        return new ImportRequest(file, null, null, Placement.COPY, false, progress -> {});
    }
}
