package org.llmspell.langchain4j;

import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModels;
import org.llmspell.local.config.Config;

/**
 * Collects which backends a model asks. Null leaves a setting as it is by default. Not thread-safe.
 *
 * @param <B> the builder itself
 */
public abstract sealed class ModelBuilder<B extends ModelBuilder<B>>
        permits ChatModelBuilder, LlmSpellEmbeddingModel.Builder, LlmSpellTokenCountEstimator.Builder {
    private @Nullable LocalModels models;
    private @Nullable Config config;

    ModelBuilder() {}

    abstract B self();

    /** The backends, opened if none are shared; a broken configuration is LangChain4j's exception. */
    Connection connection() {
        return Connection.of(models, config);
    }

    /** Backends to share with other models; they are not closed with this one. */
    public B models(@Nullable LocalModels models) {
        this.models = models;
        return self();
    }

    /** The configuration of backends of its own; by default the user's, from {@code ~/.llmspell/config.toml} and the environment. */
    public B config(@Nullable Config config) {
        this.config = config;
        return self();
    }
}
