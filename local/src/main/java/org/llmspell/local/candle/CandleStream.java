package org.llmspell.local.candle;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.Generation;
import org.llmspell.engine.ModelLease;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.LocalModelException;

/** A running {@link Generation} as a reply; owns it and the lease on its model. */
final class CandleStream implements ChatStream {
    private final String model;
    private final ModelLease lease;
    private final Generation generation;
    private final CandleErrors errors;
    private final Duration before;
    private final StringBuilder text = new StringBuilder();
    private final AtomicBoolean closed = new AtomicBoolean();
    private @Nullable ChatResult result;

    /** @param before how long the request was under way before the generation started */
    CandleStream(String model, ModelLease lease, Generation generation, CandleErrors errors, Duration before) {
        this.model = model;
        this.lease = lease;
        this.generation = generation;
        this.errors = errors;
        this.before = before;
    }

    @Override
    public @Nullable ChatChunk next() {
        if (result != null) {
            return null;
        }
        Generation.Chunk chunk;
        try {
            chunk = generation.next();
        } catch (EngineException e) {
            close();
            throw errors.of(e, model);
        } catch (InterruptedException e) {
            close();
            Thread.currentThread().interrupt();
            throw new LocalModelException(
                    LocalModelException.Kind.CANCELLED, "The reply was cancelled", null, List.of(), e);
        }
        if (chunk == null) {
            Generation.Summary summary = generation.summary();
            result = new ChatResult(
                    text.toString(),
                    summary.finishReason(),
                    summary.promptTokens(),
                    summary.cachedTokens(),
                    summary.generatedTokens(),
                    lease.loadTime(),
                    before.plus(summary.timeToFirstToken()),
                    before.plus(summary.totalTime()));
            return null;
        }
        text.append(chunk.text());
        return new ChatChunk(
                chunk.text(), chunk.tokens().stream().map(CandleStream::logprob).toList());
    }

    private static ChatChunk.TokenLogprob logprob(Generation.TokenLogprob token) {
        return new ChatChunk.TokenLogprob(
                token.text(),
                token.id(),
                token.logprob(),
                token.alternatives().stream().map(CandleStream::logprob).toList());
    }

    @Override
    public ChatResult result() {
        if (result == null) {
            throw new IllegalStateException("the reply has not ended");
        }
        return result;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            try (lease) {
                generation.close();
            }
        }
    }
}
