package org.llmspell.local.store;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A model in the store, as found on disk.
 *
 * @param name its name
 * @param variant its variant; null for a file dropped into the folder whose name says none
 * @param files its files, parts of a split model in their order; at least one
 * @param sizeBytes of all of them
 * @param modifiedAt when it was installed, or a dropped file was last changed
 * @param quantization as manifest, variant or file name say; null if none does
 * @param linked whether a file is a symbolic link out of the store
 * @param manifest null for files that were dropped in, or whose manifest is damaged
 * @param warning what is wrong with it, in one line; null if nothing is known to be
 */
public record StoredModel(
        String name,
        @Nullable String variant,
        List<Path> files,
        long sizeBytes,
        Instant modifiedAt,
        @Nullable String quantization,
        boolean linked,
        @Nullable Manifest manifest,
        @Nullable String warning) {
    public StoredModel {
        files = List.copyOf(files);
    }

    /** {@code NAME:VARIANT}, or {@code NAME} where there is no variant. */
    public String id() {
        return variant == null ? name : name + ":" + variant;
    }

    /** The file to open: the first part of a split model. */
    public Path file() {
        return files.getFirst();
    }
}
