package org.llmspell.engine;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A file on its way into memory, on a thread of its own, and those who wait for it. {@link #await} may be called from any thread;
 * all else is guarded by the lock of {@link ResidentModels}.
 */
final class Loading {
    private final FileIdentity identity;
    private final Path file;
    private final CompletableFuture<ResidentModels.Opened> outcome = new CompletableFuture<>();
    private @Nullable Thread thread;
    private ResidentModels.@Nullable Resident arrived;
    private int waiting;
    private Duration keepAlive = Duration.ZERO;

    /** @param file as the first who asked for it called it, for error messages */
    Loading(FileIdentity identity, Path file) {
        this.identity = identity;
        this.file = file;
    }

    FileIdentity identity() {
        return identity;
    }

    Path file() {
        return file;
    }

    /** One more waits; how long the model then stays is what the last who asked said. */
    void join(Duration stay) {
        waiting++;
        keepAlive = stay;
    }

    /** One fewer waits. */
    void leave() {
        waiting--;
    }

    int waiting() {
        return waiting;
    }

    Duration keepAlive() {
        return keepAlive;
    }

    /** Starts {@code work}, which ends with {@link #arrived} or {@link #failed}. */
    void start(Runnable work) {
        thread = Thread.ofPlatform()
                .name("llmspell-load-" + identity.path().getFileName())
                .daemon()
                .start(work);
    }

    /** Waits until the thread has ended, if need be interrupted; not to be called under the lock. */
    void awaitEnd() {
        boolean interrupted = false;
        Thread started = thread;
        while (started != null && started.isAlive()) {
            try {
                started.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Gives all who wait their model, which counts each of them as a user already. */
    void arrived(ResidentModels.Resident resident) {
        arrived = resident;
        outcome.complete(new ResidentModels.Opened(resident, resident.model().loadTime()));
    }

    /** The model; null before it is there. */
    ResidentModels.@Nullable Resident arrived() {
        return arrived;
    }

    /** Fails for all who wait; does nothing after the first outcome. */
    void failed(Throwable cause) {
        outcome.completeExceptionally(cause);
    }

    /**
     * Waits for the model.
     *
     * @throws EngineException if it cannot be loaded
     * @throws InterruptedException if the waiting thread is interrupted
     */
    ResidentModels.Opened await() throws InterruptedException {
        try {
            return outcome.get();
        } catch (ExecutionException e) {
            throw failure(e.getCause());
        }
    }

    /** For each who waits an exception with a stack of its own, if it is one to be shown. */
    private static RuntimeException failure(@Nullable Throwable cause) {
        return switch (cause) {
            case EngineException known -> {
                EngineException copy =
                        new EngineException(known.problem(), String.valueOf(known.getMessage()), known.advice());
                copy.initCause(known);
                yield copy;
            }
            case Error error -> throw error;
            case null, default -> new IllegalStateException(cause == null ? null : cause.getMessage(), cause);
        };
    }
}
