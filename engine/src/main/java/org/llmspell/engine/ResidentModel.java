package org.llmspell.engine;

import java.nio.file.Path;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A model in memory as it was when asked about, for status reports.
 *
 * @param file the GGUF file, or the first part of a split one
 * @param sizeBytes of all its files
 * @param contextLength tokens of context that a sequence gets where nothing else is asked for
 * @param users leases and generations that hold it now
 * @param expiresAt when it will be unloaded if nobody uses it again, for one in use counted from now; null for never
 * @param pagesInUse pages of the cache that sequences hold or have been promised
 * @param pagesAllocated pages of the cache that have memory, kept ones included
 */
public record ResidentModel(
        Path file,
        long sizeBytes,
        int contextLength,
        int users,
        @Nullable Instant expiresAt,
        int pagesInUse,
        int pagesAllocated) {}
