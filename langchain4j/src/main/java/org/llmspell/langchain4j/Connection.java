package org.llmspell.langchain4j;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModels;
import org.llmspell.local.config.Config;

/**
 * The backends that a model asks, and whether it is for it to close them. Thread-safe.
 *
 * @param owned whether they were opened for this model alone
 */
record Connection(LocalModels models, boolean owned) implements AutoCloseable {
    /**
     * @param models used and left open; null to open some
     * @param config of those to open; null for the user's own
     */
    static Connection of(@Nullable LocalModels models, @Nullable Config config) {
        if (models != null) {
            return new Connection(models, false);
        }
        return Failures.mapped(() ->
                new Connection(LocalModels.open(config == null ? Config.load(null, Map.of()) : config), true));
    }

    @Override
    public void close() {
        if (owned) {
            models.close();
        }
    }
}
