package org.llmspell.server.http;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.json.JsonText;

/**
 * One request and its reply, for a handler that may block. When the client goes away the handler's thread is interrupted, and
 * every attempt to answer throws {@link ClientGoneException}. Used by one thread, but for {@link #cancel}.
 */
public final class Exchange {
    static final String JSON = "application/json; charset=utf-8";

    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final String path;
    private final Dialect dialect;
    private final long stallNanos;
    private final long startedAt = System.nanoTime();
    private byte[] body = new byte[0];
    private @Nullable Upload upload;
    private @Nullable ReplyStream stream;
    private @Nullable Thread worker;
    private boolean ended;
    private volatile boolean gone;
    private volatile boolean stopped;
    private volatile int status;

    Exchange(HttpServerRequest request, String path, Duration stall) {
        this.request = request;
        this.response = request.response();
        this.path = path;
        this.dialect = Dialect.of(path);
        this.stallNanos = stall.toNanos();
    }

    /** Decoded, without the query. */
    public String path() {
        return path;
    }

    /** {@link System#nanoTime} when the request's head had come. */
    public long startedAt() {
        return startedAt;
    }

    /** The first value of a header; null if there is none. */
    public @Nullable String header(String name) {
        return request.getHeader(name);
    }

    /** The whole body; empty where the route takes an upload. */
    public byte[] body() {
        return body;
    }

    /** The body of a route for uploads. */
    public Upload upload() {
        if (upload == null) {
            throw new IllegalStateException("this route takes no upload");
        }
        return upload;
    }

    /** Whether the client has gone. */
    public boolean gone() {
        return gone;
    }

    /** Whether the handler was told to end because the server is. */
    public boolean stopped() {
        return stopped;
    }

    /** The status of the reply; 0 before there is one. */
    int status() {
        return status;
    }

    Dialect dialect() {
        return dialect;
    }

    /** Whether some of the reply is out already, so that its status cannot be changed. */
    public boolean started() {
        return status != 0;
    }

    void received(byte[] bytes) {
        body = bytes;
    }

    void receiving(Upload bytes) {
        upload = bytes;
    }

    // The worker's life. Interrupts may only reach it between begin and end.

    synchronized void begin() {
        worker = Thread.currentThread();
        if (gone || stopped) {
            worker.interrupt();
        }
    }

    synchronized void end() {
        ended = true;
        worker = null;
    }

    /** The client went away. */
    synchronized void clientGone() {
        gone = true;
        if (worker != null && !ended) {
            worker.interrupt();
        }
    }

    /** Ends the handler's work because the server stops. */
    synchronized void cancel() {
        stopped = true;
        if (worker != null && !ended) {
            worker.interrupt();
        }
    }

    // Replies.

    /** Sends JSON and ends the reply. */
    public void json(int code, @Nullable Object value) {
        reply(code, JSON, JsonText.compact(value).getBytes(StandardCharsets.UTF_8));
    }

    /** Sends a text and ends the reply. */
    public void text(int code, String contentType, String text) {
        reply(code, contentType, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Ends the reply without a body. */
    public void empty(int code) {
        start(code);
        if (code != 204) {
            response.putHeader("Content-Length", "0");
        }
        finish(response.end());
    }

    /** Adds a header to the reply, which has not begun. */
    public void putHeader(String name, String value) {
        response.putHeader(name, value);
    }

    private void reply(int code, String contentType, byte[] bytes) {
        start(code);
        response.putHeader("Content-Type", contentType);
        if (HttpMethod.HEAD.equals(request.method())) {
            response.putHeader("Content-Length", String.valueOf(bytes.length));
            finish(response.end());
        } else {
            finish(response.end(Buffer.buffer(bytes)));
        }
    }

    private void start(int code) {
        if (gone) {
            throw new ClientGoneException("the client has gone");
        }
        if (status != 0) {
            throw new IllegalStateException("the reply has begun");
        }
        status = code;
        response.setStatusCode(code);
    }

    /** Begins a reply of many pieces, or gives the one begun; the end of the handler ends it. */
    public ReplyStream stream(String contentType) {
        ReplyStream open = stream;
        if (open == null) {
            start(200);
            response.putHeader("Content-Type", contentType);
            response.putHeader("Cache-Control", "no-cache");
            response.setChunked(true);
            open = new ReplyStream(this);
            stream = open;
        }
        return open;
    }

    /** Sends a piece; waits until the client has taken the last one, so that what is on its way needs little memory. */
    void write(Future<Void> last, byte[] bytes, ReplyStream to) {
        await(last);
        if (gone) {
            throw new ClientGoneException("the client has gone");
        }
        to.sent(response.write(Buffer.buffer(bytes)));
    }

    /** Says what went wrong: as the whole reply, or as the last words of a stream. */
    void fail(HttpFailure failure) {
        if (gone) {
            return;
        }
        ReplyStream open = stream;
        if (open != null) {
            open.raw(dialect.lastWords(failure));
        } else if (status == 0) {
            if (failure.status() == 503 || failure.status() == 429) {
                response.putHeader("Retry-After", "1");
            }
            if (failure.status() == 401) {
                response.putHeader("WWW-Authenticate", "Bearer");
            }
            json(failure.status(), dialect.error(failure));
        }
    }

    /** Ends a stream that is open; a handler that sent nothing at all has made a mistake. */
    void complete() {
        ReplyStream open = stream;
        if (open != null && !gone) {
            finish(open.end(response));
        } else if (status == 0 && !gone) {
            throw new IllegalStateException("the handler sent no reply");
        }
    }

    private void finish(Future<Void> end) {
        await(end);
    }

    private void await(Future<Void> sent) {
        if (sent.succeeded()) {
            return;
        }
        // An interrupt means that the client has gone or the server stops; the last words may still be taken.
        boolean interrupted = Thread.interrupted();
        try {
            sent.toCompletionStage().toCompletableFuture().get(stallNanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
            if (gone) {
                throw new ClientGoneException("the client has gone");
            }
        } catch (ExecutionException e) {
            clientGone();
            throw new ClientGoneException("the client has gone");
        } catch (TimeoutException e) {
            clientGone();
            request.connection().close();
            throw new ClientGoneException("the client read nothing for too long");
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
