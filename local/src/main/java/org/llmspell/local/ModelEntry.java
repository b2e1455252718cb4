package org.llmspell.local;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One installed model, as a listing shows it.
 *
 * @param id {@code NAME:VARIANT}, which {@code local/ID@BACKEND} addresses
 * @param backend the backend's name
 * @param sizeBytes of all its files
 * @param quantization for instance {@code Q4_K_M}, if known
 * @param modifiedAt when it was installed or last changed
 * @param shared true for a file that another program owns and this one only reads
 * @param builtIn true for the model that is part of the program: it was never installed and cannot be removed
 */
public record ModelEntry(
        String id,
        String backend,
        long sizeBytes,
        @Nullable String quantization,
        Instant modifiedAt,
        boolean shared,
        boolean builtIn) {
    /** A model that is not built in. */
    public ModelEntry(
            String id,
            String backend,
            long sizeBytes,
            @Nullable String quantization,
            Instant modifiedAt,
            boolean shared) {
        this(id, backend, sizeBytes, quantization, modifiedAt, shared, false);
    }
}
