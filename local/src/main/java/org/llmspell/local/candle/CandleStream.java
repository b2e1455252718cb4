package org.llmspell.local.candle;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.Generation;
import org.llmspell.engine.ModelLease;
import org.llmspell.engine.reply.ReplyPart;
import org.llmspell.engine.reply.ReplyReader;
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
    private final ReplyReader reader;
    private final ReplyText reply = new ReplyText();
    private final AtomicBoolean closed = new AtomicBoolean();
    private @Nullable ChatResult result;

    /**
     * @param reader tells thinking and calls from the answer
     * @param before how long the request was under way before the generation started
     */
    CandleStream(
            String model,
            ModelLease lease,
            Generation generation,
            ReplyReader reader,
            CandleErrors errors,
            Duration before) {
        this.model = model;
        this.lease = lease;
        this.generation = generation;
        this.reader = reader;
        this.errors = errors;
        this.before = before;
    }

    @Override
    public @Nullable ChatChunk next() {
        while (result == null) {
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
            List<ReplyPart> parts;
            List<ChatChunk.TokenLogprob> logprobs = List.of();
            if (chunk == null) {
                parts = reader.finish();
            } else {
                parts = reader.next(chunk.text());
                logprobs = chunk.tokens().stream().map(CandleStream::logprob).toList();
            }
            ChatChunk piece = reply.piece(parts, logprobs);
            if (chunk == null) {
                result = result(generation.summary());
            }
            if (piece != null) {
                return piece;
            }
        }
        return null;
    }

    private ChatResult result(Generation.Summary summary) {
        return new ChatResult(
                reply.text(),
                reply.thinking(),
                reply.toolCalls(),
                summary.finishReason(),
                summary.promptTokens(),
                summary.cachedTokens(),
                summary.generatedTokens(),
                lease.loadTime(),
                before.plus(summary.timeToFirstToken()),
                before.plus(summary.totalTime()));
    }

    private static ChatChunk.TokenLogprob logprob(Generation.TokenLogprob token) {
        return new ChatChunk.TokenLogprob(
                token.text(),
                token.id(),
                token.logprob(),
                token.alternatives().stream().map(CandleStream::logprob).toList());
    }

    @Override
    public int generatedTokens() {
        return generation.generatedTokens();
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
