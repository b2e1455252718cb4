package org.llmspell.langchain4j;

import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.model.chat.response.StreamingHandle;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.FinishReason;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModels;

/**
 * One reply on its way, which ends early when it is cancelled or out of time. {@link #run} is called once; {@link #cancel} by any
 * thread at any time, also by the one that runs.
 */
final class Reply implements StreamingHandle {
    private enum State {
        RUNNING,
        ENDED,
        CANCELLED,
        EXPIRED
    }

    private final LocalModels models;
    private final ChatRequest request;
    private final @Nullable Duration timeout;

    private State state = State.RUNNING;
    /** The thread that waits for the model to be loaded or the server to answer; only interrupting ends that. */
    private @Nullable Thread opening;

    private boolean interrupted;
    private @Nullable ChatStream stream;
    private Runnable alarm = () -> {};

    /** @param timeout for all of it, loading the model included; null for none */
    Reply(LocalModels models, ChatRequest request, @Nullable Duration timeout) {
        this.models = models;
        this.request = request;
        this.timeout = timeout;
    }

    /** Has {@code alarm} called, by another thread, when the reply is ended from outside; to be set before {@link #run}. */
    synchronized void whenEndedEarly(Runnable alarm) {
        this.alarm = alarm;
    }

    /**
     * Makes the reply on the calling thread, giving every piece to {@code sink}. Interrupting the thread ends it with an exception.
     *
     * @return null if it was cancelled
     * @throws TimeoutException if it took too long
     * @throws LangChain4jException if it failed
     */
    @Nullable
    ChatResult run(Consumer<ChatChunk> sink) {
        Thread watch = timeout == null
                ? null
                : Thread.ofVirtual().name("llmspell-timeout").start(() -> expire(timeout));
        try {
            return finished(read(sink));
        } catch (LocalModelException e) {
            return failed(e);
        } finally {
            if (watch != null) {
                watch.interrupt();
            }
        }
    }

    private @Nullable ChatResult read(Consumer<ChatChunk> sink) {
        try (ChatStream opened = open()) {
            while (opened != null && running()) {
                ChatChunk chunk = opened.next();
                if (chunk == null) {
                    return opened.result();
                }
                if (running()) {
                    sink.accept(chunk);
                }
            }
            return null;
        }
    }

    private @Nullable ChatStream open() {
        synchronized (this) {
            if (state != State.RUNNING) {
                return null;
            }
            opening = Thread.currentThread();
        }
        ChatStream opened = null;
        try {
            opened = models.chat(request);
            return opened;
        } finally {
            synchronized (this) {
                opening = null;
                stream = opened;
                if (interrupted) {
                    Thread.interrupted();
                }
            }
        }
    }

    private synchronized boolean running() {
        return state == State.RUNNING;
    }

    private synchronized @Nullable ChatResult finished(@Nullable ChatResult result) {
        if (state == State.RUNNING) {
            state = State.ENDED;
            if (result != null && result.finishReason() == FinishReason.CANCELLED) {
                throw new LangChain4jException("The reply was cancelled: its model was closed");
            }
            return result;
        }
        return failed(null);
    }

    /** @param cause null if there is none but that the reply was ended */
    private synchronized @Nullable ChatResult failed(@Nullable LocalModelException cause) {
        if (state == State.CANCELLED) {
            return null;
        }
        if (state == State.EXPIRED) {
            String message = "The reply took longer than the timeout of " + timeout;
            throw cause == null ? new TimeoutException(message) : new TimeoutException(message, cause);
        }
        state = State.ENDED;
        throw cause == null ? new LangChain4jException("The reply was cancelled") : Failures.of(cause);
    }

    private void expire(Duration limit) {
        try {
            Thread.sleep(limit);
        } catch (InterruptedException e) {
            return; // the reply has ended
        }
        end(State.EXPIRED);
    }

    /** Ends the reply at once and frees what it holds; nothing comes of it any more. Does nothing to one that has ended. */
    @Override
    public void cancel() {
        end(State.CANCELLED);
    }

    private void end(State how) {
        ChatStream running;
        Runnable told;
        synchronized (this) {
            if (state != State.RUNNING) {
                return;
            }
            state = how;
            if (opening != null) {
                opening.interrupt();
                interrupted = true;
            }
            running = stream;
            told = alarm;
        }
        told.run();
        if (running != null) {
            running.close();
        }
    }

    @Override
    public synchronized boolean isCancelled() {
        return state == State.CANCELLED;
    }
}
