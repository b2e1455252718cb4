package org.llmspell.server.http;

import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A body that is read as it comes, a piece at a time, so that its size needs no memory. One thread reads. */
public final class Upload {
    private final HttpServerRequest request;
    private final Context context;
    private final Duration stall;
    /** An empty one is the end. */
    private final LinkedBlockingQueue<Optional<Buffer>> pieces = new LinkedBlockingQueue<>();

    private volatile boolean failed;
    private boolean ended;

    /** Stops the flow until somebody reads; on the request's event loop. */
    Upload(HttpServerRequest request, Context context, Duration stall) {
        this.request = request;
        this.context = context;
        this.stall = stall;
        request.pause();
        request.handler(piece -> pieces.add(Optional.of(piece)));
        request.endHandler(nothing -> pieces.add(Optional.empty()));
        request.exceptionHandler(e -> {
            failed = true;
            pieces.add(Optional.empty());
        });
    }

    /** The announced size; −1 where it is not. */
    public long announced() {
        String length = request.getHeader("Content-Length");
        try {
            return length == null ? -1 : Long.parseLong(length);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /**
     * Waits for the next piece; null at the end.
     *
     * @throws ClientGoneException if the client broke off, or sent nothing for too long
     */
    public byte @Nullable [] next() throws InterruptedException {
        if (ended) {
            return null;
        }
        context.runOnContext(nothing -> request.fetch(1));
        Optional<Buffer> piece = pieces.poll(stall.toNanos(), TimeUnit.NANOSECONDS);
        if (piece == null) {
            request.connection().close();
            throw new ClientGoneException("the client sent nothing for too long");
        }
        if (piece.isEmpty()) {
            ended = true;
            if (failed) {
                throw new ClientGoneException("the client broke off");
            }
            return null;
        }
        return piece.get().getBytes();
    }
}
