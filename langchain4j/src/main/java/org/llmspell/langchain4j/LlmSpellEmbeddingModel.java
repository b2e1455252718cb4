package org.llmspell.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.embedding.DimensionAwareEmbeddingModel;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.model.embedding.request.EmbeddingParameter;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.request.EmbeddingRequestParameters;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.output.TokenUsage;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.local.Embeddings;
import org.llmspell.local.ModelSpec;

/**
 * A local model as LangChain4j's embedding model; one made for it, or one made to chat. Vectors have length 1. Nothing is loaded
 * before the first request. Thread-safe.
 */
public final class LlmSpellEmbeddingModel extends DimensionAwareEmbeddingModel implements AutoCloseable {
    private final Connection connection;
    private final String modelName;
    private final @Nullable Integer dimensions;
    private final boolean truncated;
    private final @Nullable String queryPrefix;
    private final @Nullable String documentPrefix;
    private final List<EmbeddingModelListener> listeners;

    private LlmSpellEmbeddingModel(Builder builder) {
        Requests.model(builder.modelName);
        checkDimensions(builder.dimensions);
        modelName = String.valueOf(builder.modelName);
        dimensions = builder.dimensions;
        truncated = builder.truncated;
        queryPrefix = builder.queryPrefix;
        documentPrefix = builder.documentPrefix;
        listeners = builder.listeners;
        connection = builder.connection();
    }

    public static Builder builder() {
        return new Builder();
    }

    private static void checkDimensions(@Nullable Integer dimensions) {
        if (dimensions != null && dimensions < 1) {
            throw new InvalidRequestException("dimensions is " + dimensions + "; it must be 1 or more");
        }
    }

    @Override
    public EmbeddingResponse doEmbed(EmbeddingRequest request) {
        Integer wanted = request.dimensions() == null ? dimensions : request.dimensions();
        checkDimensions(wanted);
        String name = request.modelName() == null ? modelName : request.modelName();
        ModelSpec model = Requests.model(name);
        String prefix = prefix(request.inputType());
        List<String> texts =
                request.inputs().stream().map(input -> prefix + input.text()).toList();
        Embeddings made = Failures.mapped(
                () -> connection.models().embed(model, texts, new EmbeddingOptions(null, true, truncated)));
        EmbeddingResponse.Builder response = EmbeddingResponse.builder()
                .embeddings(made.vectors().stream()
                        .map(vector -> Embedding.from(shortened(vector, wanted)))
                        .toList())
                .modelName(name);
        if (made.promptTokens() != null) {
            response.tokenUsage(new TokenUsage(made.promptTokens()));
        }
        return response.build();
    }

    private String prefix(@Nullable EmbeddingInputType type) {
        String prefix = switch (type) {
            case null -> null;
            case QUERY -> queryPrefix;
            case DOCUMENT -> documentPrefix;
        };
        return prefix == null ? "" : prefix;
    }

    /** The beginning of a vector at length 1 again, for models whose vectors may be cut. */
    private static float[] shortened(float[] vector, @Nullable Integer dimensions) {
        if (dimensions == null || dimensions == vector.length) {
            return vector;
        }
        if (dimensions > vector.length) {
            throw new InvalidRequestException(
                    "dimensions is " + dimensions + "; the model's vectors have " + vector.length);
        }
        float[] kept = Arrays.copyOf(vector, dimensions);
        double squares = 0;
        for (float value : kept) {
            squares += (double) value * value;
        }
        double length = Math.sqrt(squares);
        for (int i = 0; i < kept.length && length > 0; i++) {
            kept[i] = (float) (kept[i] / length);
        }
        return kept;
    }

    @Override
    public CompletableFuture<EmbeddingResponse> doEmbedAsync(EmbeddingRequest request) {
        return Asynchronous.run(() -> doEmbed(request), Thread::interrupt);
    }

    /** The model's name; dimensions; and the kind of input, if there is a prefix for it. */
    @Override
    public Set<EmbeddingParameter<?>> supportedParameters() {
        Set<EmbeddingParameter<?>> supported =
                new HashSet<>(Set.of(EmbeddingRequestParameters.MODEL_NAME, EmbeddingRequestParameters.DIMENSIONS));
        if (queryPrefix != null || documentPrefix != null) {
            supported.add(EmbeddingRequestParameters.INPUT_TYPE);
        }
        return supported;
    }

    @Override
    protected @Nullable Integer knownDimension() {
        return dimensions;
    }

    @Override
    public String modelName() {
        return modelName;
    }

    @Override
    public List<EmbeddingModelListener> listeners() {
        return listeners;
    }

    /** Unloads models, unless the backends are shared. */
    @Override
    public void close() {
        connection.close();
    }

    /** Makes embedding models. Null leaves a setting as it is by default. Not thread-safe. */
    public static final class Builder extends ModelBuilder<Builder> {
        private @Nullable String modelName;
        private @Nullable Integer dimensions;
        private boolean truncated;
        private @Nullable String queryPrefix;
        private @Nullable String documentPrefix;
        private List<EmbeddingModelListener> listeners = List.of();

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /** Which model: {@code local/NAME:VARIANT@BACKEND}, or the path of a {@code .gguf} file. */
        public Builder modelName(String modelName) {
            this.modelName = modelName;
            return this;
        }

        /** How many of a vector's numbers to keep, for models made for that; by default all. */
        public Builder dimensions(@Nullable Integer dimensions) {
            this.dimensions = dimensions;
            return this;
        }

        /** Whether of a text beyond the context its beginning is embedded, instead of refusing it. */
        public Builder truncate(boolean truncate) {
            this.truncated = truncate;
            return this;
        }

        /** Put before texts that are to be searched with, such as {@code "search_query: "}, as the model's description says. */
        public Builder queryPrefix(@Nullable String prefix) {
            this.queryPrefix = prefix;
            return this;
        }

        /** Put before texts that are to be found, such as {@code "search_document: "}. */
        public Builder documentPrefix(@Nullable String prefix) {
            this.documentPrefix = prefix;
            return this;
        }

        public Builder listeners(List<EmbeddingModelListener> listeners) {
            this.listeners = List.copyOf(listeners);
            return this;
        }

        /**
         * The model as set up so far.
         *
         * @throws LangChain4jException if the model's name is missing or malformed, or the configuration broken
         */
        public LlmSpellEmbeddingModel build() {
            return new LlmSpellEmbeddingModel(this);
        }
    }
}
