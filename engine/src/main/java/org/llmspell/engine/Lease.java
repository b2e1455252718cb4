package org.llmspell.engine;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.grammar.Grammar;
import org.llmspell.engine.tokenizer.Tokenizer;

/** One user's right to a resident model. Its generations hold the model on their own, so closing it does not cut them off. */
final class Lease implements ModelLease {
    private final ResidentModels.Resident resident;
    private final Duration loadTime;
    private final EngineOptions options;
    private final AtomicBoolean closed = new AtomicBoolean();

    Lease(ResidentModels.Opened opened, EngineOptions options) {
        this.resident = opened.resident();
        this.loadTime = opened.loadTime();
        this.options = options;
    }

    @Override
    public Tokenizer tokenizer() {
        return model().tokenizer();
    }

    @Override
    public int trainedContextLength() {
        return model().trainedContextLength();
    }

    @Override
    public Duration loadTime() {
        return loadTime;
    }

    @Override
    public ChatPrompt prompt(ChatInput input) {
        return model().prompts().prompt(input);
    }

    @Override
    public Generation generate(
            int[] prompt,
            SamplingOptions sampling,
            @Nullable Integer contextLength,
            @Nullable Grammar grammar,
            Set<Integer> shown,
            @Nullable Integer draftTokens) {
        int drafts = draftTokens == null ? options.draftTokens() : draftTokens;
        int context = contextLength == null ? LoadedModel.defaultContext(options) : contextLength;
        return retaining((model, ended) -> model.generate(prompt, sampling, context, grammar, shown, drafts, ended));
    }

    @Override
    public Scoring scoring(int texts, int contextLength, int batch) {
        return retaining((model, ended) -> model.scoring(texts, contextLength, batch, ended));
    }

    @Override
    public Passes passes(int contextLength) {
        return retaining((model, ended) -> model.passes(contextLength, ended));
    }

    /** Starts what holds the model until it has ended, which it says by the runnable it is given. */
    private <T> T retaining(BiFunction<LoadedModel, Runnable, T> start) {
        LoadedModel model = model();
        resident.retain();
        boolean started = false;
        try {
            T begun = start.apply(model, resident::release);
            started = true;
            return begun;
        } finally {
            if (!started) {
                resident.release();
            }
        }
    }

    @Override
    public List<Embedding> embed(List<String> texts, EmbeddingOptions embedding) throws InterruptedException {
        LoadedModel model = model();
        resident.retain();
        try {
            return model.embedding().embed(texts, embedding);
        } finally {
            resident.release();
        }
    }

    /** Cache pages that the model's sequences hold or have been promised. */
    int pagesInUse() {
        return model().batcher().pagesInUse();
    }

    private LoadedModel model() {
        if (closed.get()) {
            throw new IllegalStateException("the lease is closed");
        }
        return resident.model();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            resident.release();
        }
    }
}
