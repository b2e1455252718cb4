package org.llmspell.engine;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
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
        LoadedModel model = model();
        int drafts = draftTokens == null ? options.draftTokens() : draftTokens;
        int context = contextLength == null ? LoadedModel.defaultContext(options) : contextLength;
        resident.retain();
        boolean started = false;
        try {
            Generation generation = resident.makingRoom(
                    () -> model.generate(prompt, sampling, context, grammar, shown, drafts, resident::release));
            started = true;
            return generation;
        } finally {
            if (!started) {
                resident.release();
            }
        }
    }

    @Override
    public Scoring scoring(int texts, int contextLength, int batch) {
        LoadedModel model = model();
        resident.retain();
        boolean started = false;
        try {
            Scoring scoring = resident.makingRoom(() -> model.scoring(texts, contextLength, batch, resident::release));
            started = true;
            return scoring;
        } finally {
            if (!started) {
                resident.release();
            }
        }
    }

    @Override
    public Passes passes(int contextLength) {
        LoadedModel model = model();
        resident.retain();
        boolean started = false;
        try {
            Passes passes = model.passes(contextLength, resident::release);
            started = true;
            return passes;
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
