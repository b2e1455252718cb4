package org.llmspell.local;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.local.config.Config;

/** All backends behind one interface: finds the one that a specification means and asks it. Thread-safe. */
public interface LocalModels extends AutoCloseable {
    /** The backends that {@code config} enables. Nothing is loaded, connected to or written before it is needed. */
    static LocalModels open(Config config) {
        return ConfiguredModels.of(config);
    }

    /** The enabled backends, in the order in which they are tried. */
    List<Backend> backends();

    /**
     * The backend with that name.
     *
     * @throws LocalModelException of kind {@code INVALID_REQUEST} for an unknown or disabled one, naming those there are
     */
    Backend backend(String name);

    /** The backend that {@code model} names, or the one found by asking them in order. */
    Backend resolve(ModelSpec model);

    /** The models of one backend, or of all that answer when {@code backend} is null. */
    List<ModelEntry> list(@Nullable String backend);

    /**
     * The status of one backend, or of all when {@code backend} is null, by name in the order tried; a disabled one is not
     * available.
     */
    Map<String, BackendStatus> status(@Nullable String backend);

    default ModelInfo info(ModelSpec model) {
        return resolve(model).info(model);
    }

    default PullResult pull(ModelSpec model, PullOptions options, Consumer<PullProgress> progress) {
        return resolve(model).pull(model, options, progress);
    }

    default ChatStream chat(ChatRequest request) {
        return resolve(request.model()).chat(request);
    }

    default Embeddings embed(ModelSpec model, List<String> texts, EmbeddingOptions options) {
        return resolve(model).embed(model, texts, options);
    }

    default void remove(ModelSpec model) {
        resolve(model).remove(model);
    }

    @Override
    void close();
}
