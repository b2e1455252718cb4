package org.llmspell.local.ollama;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.llmspell.local.Backend;
import org.llmspell.local.BackendStatus;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatStream;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullOptions;
import org.llmspell.local.PullProgress;
import org.llmspell.local.PullResult;
import org.llmspell.local.config.OllamaConfig;

/** The Ollama backend's place: this version of LLMSpell has no client for it, and says so. */
public final class OllamaBackend implements Backend {
    private static final String NOT_THERE = "This version of LLMSpell cannot talk to an Ollama server yet";

    private final OllamaConfig config;

    public OllamaBackend(OllamaConfig config) {
        this.config = config;
    }

    @Override
    public String name() {
        return "ollama";
    }

    @Override
    public BackendStatus status() {
        return new BackendStatus(
                name(), false, 0, null, NOT_THERE, Map.of("url", config.url().toString()));
    }

    @Override
    public List<ModelEntry> list() {
        throw notThere();
    }

    @Override
    public boolean has(ModelSpec model) {
        return false;
    }

    @Override
    public ModelInfo info(ModelSpec model) {
        throw notThere();
    }

    @Override
    public PullResult pull(ModelSpec model, PullOptions options, Consumer<PullProgress> progress) {
        throw notThere();
    }

    @Override
    public ChatStream chat(ChatRequest request) {
        throw notThere();
    }

    @Override
    public void remove(ModelSpec model) {
        throw notThere();
    }

    @Override
    public void close() {}

    private static LocalModelException notThere() {
        return new LocalModelException(
                LocalModelException.Kind.UNSUPPORTED,
                NOT_THERE,
                "Use the embedded backend: local/NAME:VARIANT@candle",
                "Import a GGUF file that is on disk: llmspell model import FILE NAME:VARIANT");
    }
}
