package org.llmspell.cli;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EmbeddingOptions;
import org.llmspell.local.Backend;
import org.llmspell.local.BackendStatus;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatStream;
import org.llmspell.local.Embeddings;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModels;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullOptions;
import org.llmspell.local.PullProgress;
import org.llmspell.local.PullResult;

/** One backend that answers what a test says, and remembers what it was asked. */
final class FakeModels implements LocalModels, Backend {
    final List<ModelEntry> entries = new ArrayList<>();
    final List<String> asked = new ArrayList<>();
    final List<PullProgress> progress = new ArrayList<>();

    @Nullable
    RuntimeException failure;

    @Nullable
    Error error;

    boolean closed;

    FakeModels add(String id, long bytes, @Nullable String quantization, Instant modified) {
        entries.add(new ModelEntry(id, "candle", bytes, quantization, modified, false));
        return this;
    }

    FakeModels failing(RuntimeException e) {
        failure = e;
        return this;
    }

    FakeModels failing(Error e) {
        error = e;
        return this;
    }

    private void asked(String what) {
        asked.add(what);
        if (failure != null) {
            throw failure;
        }
        if (error != null) {
            throw error;
        }
    }

    @Override
    public List<Backend> backends() {
        return List.of(this);
    }

    @Override
    public Backend backend(String name) {
        return this;
    }

    @Override
    public Backend resolve(ModelSpec model) {
        asked("resolve " + model.full());
        return this;
    }

    @Override
    public List<ModelEntry> list(@Nullable String backend) {
        asked("list " + backend);
        return entries;
    }

    @Override
    public Map<String, BackendStatus> status(@Nullable String backend) {
        asked("status " + backend);
        Map<String, BackendStatus> statuses = new LinkedHashMap<>();
        statuses.put("ollama", new BackendStatus("ollama", false, 0, null, "connection refused", Map.of()));
        statuses.put("candle", status());
        return statuses;
    }

    @Override
    public String name() {
        return "candle";
    }

    @Override
    public BackendStatus status() {
        return new BackendStatus("candle", true, entries.size(), "1.2", null, Map.of("kernels", "scalar"));
    }

    @Override
    public List<ModelEntry> list() {
        return entries;
    }

    @Override
    public boolean has(ModelSpec model) {
        return true;
    }

    @Override
    public ModelInfo info(ModelSpec model) {
        asked("info " + model.full());
        return new ModelInfo(
                model.id(),
                "candle",
                668788096L,
                "GGUF",
                "llama",
                "Q4_K_M",
                1100048384L,
                2048,
                false,
                "/models/x.gguf",
                Map.of("license", "apache-2.0\u001b[31m"));
    }

    @Override
    public PullResult pull(ModelSpec model, PullOptions options, Consumer<PullProgress> listener) {
        asked("pull " + model.full() + (options.force() ? " force" : "")
                + (options.revision() == null ? "" : " at " + options.revision()));
        progress.forEach(listener);
        return new PullResult(model.id(), "success", 668788096L);
    }

    @Override
    public ChatStream chat(ChatRequest request) {
        throw new LocalModelException(LocalModelException.Kind.UNSUPPORTED, "the fake does not talk");
    }

    @Override
    public Embeddings embed(ModelSpec model, List<String> texts, EmbeddingOptions options) {
        return new Embeddings(texts.stream().map(text -> new float[][] {{1}}).toList(), texts.size());
    }

    @Override
    public void remove(ModelSpec model) {
        asked("remove " + model.full());
    }

    @Override
    public void close() {
        closed = true;
    }
}
