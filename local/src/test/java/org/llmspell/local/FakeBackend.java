package org.llmspell.local;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.ToolCall;

/** A backend that replies with given words, or fails as told, and keeps the requests. */
final class FakeBackend implements Backend {
    final List<ChatRequest> requests = new ArrayList<>();
    final List<String> models = new ArrayList<>();
    boolean available = true;
    boolean closed;
    List<ToolCall> calls = List.of();
    List<String> words = List.of("Hello", " there");
    FinishReason finish = FinishReason.STOP;

    @Nullable
    LocalModelException failure;

    int failAfter;
    int streamsClosed;
    private final String name;

    FakeBackend(String name) {
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public BackendStatus status() {
        return new BackendStatus(name, available, models.size(), null, available ? null : "down", Map.of());
    }

    @Override
    public List<ModelEntry> list() {
        if (!available) {
            throw new LocalModelException(LocalModelException.Kind.BACKEND_UNAVAILABLE, "down");
        }
        return models.stream()
                .map(id -> new ModelEntry(id, name, 1, null, Instant.EPOCH, false))
                .toList();
    }

    @Override
    public boolean isReachable() {
        return available;
    }

    @Override
    public boolean has(ModelSpec model) {
        return available && models.contains(model.id());
    }

    @Override
    public ModelInfo info(ModelSpec model) {
        return new ModelInfo(model.id(), name, 1, null, null, null, null, null, false, null, Map.of());
    }

    @Override
    public PullResult pull(ModelSpec model, PullOptions options, Consumer<PullProgress> progress) {
        return new PullResult(model.id(), "success", 1);
    }

    @Override
    public ChatStream chat(ChatRequest request) {
        requests.add(request);
        if (failure != null && failAfter < 0) {
            throw failure;
        }
        return new Reply();
    }

    @Override
    public Embeddings embed(ModelSpec model, List<String> texts, EmbeddingOptions options) {
        return new Embeddings(
                texts.stream().map(text -> new float[][] {{text.length()}}).toList(), texts.size());
    }

    @Override
    public void remove(ModelSpec model) {
        models.remove(model.id());
    }

    @Override
    public void close() {
        closed = true;
    }

    private final class Reply implements ChatStream {
        private int at;

        @Override
        public @Nullable ChatChunk next() {
            if (failure != null && at == failAfter) {
                throw failure;
            }
            return at < words.size() ? new ChatChunk(words.get(at++), List.of()) : null;
        }

        @Override
        public int generatedTokens() {
            return at;
        }

        @Override
        public ChatResult result() {
            return new ChatResult(
                    String.join("", words),
                    "",
                    calls,
                    finish,
                    1,
                    0,
                    words.size(),
                    Duration.ZERO,
                    Duration.ZERO,
                    Duration.ZERO);
        }

        @Override
        public void close() {
            streamsClosed++;
        }
    }
}
