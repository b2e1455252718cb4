package org.llmspell.langchain4j;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.Backend;
import org.llmspell.local.BackendStatus;
import org.llmspell.local.LocalModels;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelSpec;

/** Models in place of others, for what a test changes of them. */
abstract class OtherModels implements LocalModels {
    private final LocalModels models;

    OtherModels(LocalModels models) {
        this.models = models;
    }

    @Override
    public List<Backend> backends() {
        return models.backends();
    }

    @Override
    public Backend backend(String name) {
        return models.backend(name);
    }

    @Override
    public Backend resolve(ModelSpec model) {
        return models.resolve(model);
    }

    @Override
    public List<ModelEntry> list(@Nullable String backend) {
        return models.list(backend);
    }

    @Override
    public Map<String, BackendStatus> status(@Nullable String backend) {
        return models.status(backend);
    }

    @Override
    public void close() {
        models.close();
    }
}
