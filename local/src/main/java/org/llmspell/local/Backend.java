package org.llmspell.local;

import java.util.List;
import java.util.function.Consumer;
import org.llmspell.engine.EmbeddingOptions;

/**
 * Where models run. Implementations are thread-safe; every method but {@link #status},
 * {@link #isReachable} and {@link #has} throws {@link LocalModelException}.
 */
public interface Backend extends AutoCloseable {
    /** The name after {@code @} in a model specification. */
    String name();

    /** Whether it works, and with how many models. Never throws because the backend is down. */
    BackendStatus status();

    /** The models that can be used now, newest first; one that is built in last. */
    List<ModelEntry> list();

    /** Whether it answers now, soon enough to be chosen when a model names no backend. */
    default boolean isReachable() {
        return status().available();
    }

    /** Whether {@code model} can be used now; false also where the backend is down. Used for choosing a backend. */
    boolean has(ModelSpec model);

    /** What is known of one model, from the model itself. */
    ModelInfo info(ModelSpec model);

    /** Fetches a model; blocks until it is whole or has failed, reporting on the calling thread or another. */
    PullResult pull(ModelSpec model, PullOptions options, Consumer<PullProgress> progress);

    /** Starts a reply; the stream belongs to the caller, who closes it. */
    ChatStream chat(ChatRequest request);

    /**
     * Embeds each text on its own; blocks until all are done. Works with models made for it and with those made to chat, and
     * fails with {@code INVALID_REQUEST} for an empty text, with {@code CONTEXT_EXCEEDED} for one that is too long, with {@code
     * UNSUPPORTED} for options that the backend does not have.
     */
    Embeddings embed(ModelSpec model, List<String> texts, EmbeddingOptions options);

    /** Deletes a model. */
    void remove(ModelSpec model);

    @Override
    void close();
}
