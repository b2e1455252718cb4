package org.llmspell.server.api;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.candle.CandleBackend;
import org.llmspell.local.ollama.OllamaBackend;

/** Makes replies, each in its place, and has them counted. The thread that asks is interrupted to cancel. Thread-safe. */
public final class Generations {
    private final Admission admission;
    private final Metrics metrics;
    private final RunningReplies replies;

    public Generations(Admission admission, Metrics metrics, RunningReplies replies) {
        this.admission = admission;
        this.metrics = metrics;
        this.replies = replies;
    }

    /** Takes the pieces of a reply as they come; may block, which holds back its own pieces and nothing else. */
    @FunctionalInterface
    public interface Sink {
        void accept(ChatChunk chunk);
    }

    /** Something that computes for a while, in its place. */
    @FunctionalInterface
    public interface Work<T> {
        T run() throws InterruptedException;
    }

    /**
     * Replies to {@code request}, giving every piece to {@code sink}. When the reply is whole its place is free, whatever of it the sink
     * has taken by then.
     */
    public ChatResult run(Catalog.Target target, ChatRequest request, Sink sink) throws InterruptedException {
        try (RunningReplies.Reply reply = replies.asked(target);
                Admission.Place place = enter()) {
            reply.entered();
            ChatStream stream = begin(target, request);
            reply.started(stream);
            try (ReplyMaker maker = new ReplyMaker(
                    stream, reply, place, metrics, target.backend().name())) {
                for (ChatChunk piece = maker.next(); piece != null; piece = maker.next()) {
                    sink.accept(piece);
                }
                return maker.result();
            }
        } catch (LocalModelException e) {
            throw missing(e, target);
        }
    }

    private ChatStream begin(Catalog.Target target, ChatRequest request) {
        try {
            return target.backend().chat(request);
        } catch (LocalModelException e) {
            if (e.kind() == LocalModelException.Kind.CANCELLED) {
                metrics.cancelled();
            }
            throw e;
        }
    }

    /** Does {@code work} when there is a place for it. */
    public <T> T inPlace(Work<T> work) throws InterruptedException {
        Admission.Place place = enter();
        try {
            return work.run();
        } finally {
            place.close();
        }
    }

    private Admission.Place enter() throws InterruptedException {
        long asked = System.nanoTime();
        Admission.Place place = admission.enter();
        metrics.waited(System.nanoTime() - asked);
        return place;
    }

    /**
     * Loads a model without a reply, or unloads it where {@code keepAlive} is zero.
     *
     * @return how long loading took
     */
    public Duration load(Catalog.Target target, @Nullable Duration keepAlive) throws InterruptedException {
        boolean unload = keepAlive != null && keepAlive.isZero();
        ModelSpec spec = target.spec();
        return inPlace(() -> {
            long start = System.nanoTime();
            try {
                switch (target.backend()) {
                    case CandleBackend candle when unload -> candle.unload(spec);
                    case CandleBackend candle -> candle.open(spec, keepAlive).close();
                    case OllamaBackend ollama -> ollama.load(spec, keepAlive);
                    // Other servers have their models in memory all the time.
                    default -> {}
                }
            } catch (LocalModelException e) {
                throw missing(e, target);
            }
            return Duration.ofNanos(System.nanoTime() - start);
        });
    }

    /** A model that is gone by the time it is used is missing in the same words as one that never was. */
    private static RuntimeException missing(LocalModelException e, Catalog.Target target) {
        return e.kind() == LocalModelException.Kind.MODEL_NOT_FOUND ? Catalog.notFound(target.name()) : e;
    }

    /** Replies being made. */
    public int running() {
        return admission.running();
    }

    /** Requests that wait for a place. */
    public int waiting() {
        return admission.waiting();
    }
}
