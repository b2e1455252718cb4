package org.llmspell.engine;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs models: keeps them resident, schedules their sequences on one set of worker threads. Thread-safe. */
public final class Engine implements AutoCloseable {
    public Engine(EngineOptions options) {}

    /**
     * A model ready to run, loaded unless it is resident. It stays resident at least until the lease is closed, then for
     * {@code keepAlive} (null for the engine's default).
     *
     * @param file a GGUF file, or the first part of a split one
     * @throws EngineException if it cannot be loaded
     */
    public ModelLease open(Path file, @Nullable Duration keepAlive) {
        throw new UnsupportedOperationException();
    }

    /** The files of the models in memory now. */
    public List<Path> resident() {
        throw new UnsupportedOperationException();
    }

    /** The kernels in use and why, for status reports. */
    public String kernels() {
        throw new UnsupportedOperationException();
    }

    /** Cancels all generations and frees everything. */
    @Override
    public void close() {}
}
