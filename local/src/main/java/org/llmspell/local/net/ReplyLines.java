package org.llmspell.local.net;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;

/**
 * The lines of a streamed answer. One thread reads; any thread may close, which drops the connection, so that the server
 * stops working for it.
 */
public final class ReplyLines implements AutoCloseable {
    /** Longer lines than any honest one, the token array of a whole context included. */
    private static final int MAX_LINE = 16 << 20;

    private final URI address;
    private final ServiceErrors errors;
    private final CompletableFuture<HttpResponse<InputStream>> reply;
    private final @Nullable String model;
    private final Duration idleTimeout;
    private final SilenceWatch watch;
    private final byte[] buffer = new byte[8192];
    private int start;
    private int end;
    private @Nullable InputStream in;
    private volatile boolean closed;

    /**
     * @param model that was asked, for the error if there is none
     * @param idleTimeout the longest silence, the one before the answer included
     */
    ReplyLines(
            URI address,
            ServiceErrors errors,
            CompletableFuture<HttpResponse<InputStream>> reply,
            @Nullable String model,
            Duration idleTimeout) {
        this.address = address;
        this.errors = errors;
        this.reply = reply;
        this.model = model;
        this.idleTimeout = idleTimeout;
        this.watch = new SilenceWatch(idleTimeout, this::drop);
    }

    /**
     * Waits for the next line; null at the end of the answer.
     *
     * @throws LocalModelException if the server answers with an error, breaks off or stalls; of kind {@code CANCELLED} once
     *     this is closed or the reading thread is interrupted
     */
    public @Nullable String next() {
        try {
            if (in == null) {
                in = open();
            }
            String line = line(in);
            if (line == null) {
                watch.close();
            }
            return line;
        } catch (IOException e) {
            throw closing(interrupted(e));
        } catch (LocalModelException e) {
            throw closing(e);
        }
    }

    /** Closes, and gives back what the reader found wrong with a line. */
    public LocalModelException closing(LocalModelException failure) {
        close();
        return failure;
    }

    /** What to throw where an answer ends before it is complete. */
    public LocalModelException brokenOff() {
        return closed
                ? errors.cancelled()
                : errors.unreachable(
                        address, new IOException("the server closed the connection before its answer was complete"));
    }

    @Override
    public void close() {
        closed = true;
        watch.close();
        drop();
    }

    private InputStream open() throws IOException {
        try {
            HttpResponse<InputStream> response = reply.get();
            watch.heard();
            if (response.statusCode() / 100 != 2) {
                try (InputStream body = response.body()) {
                    String text = new String(body.readNBytes(MAX_LINE), StandardCharsets.UTF_8);
                    throw errors.status(address, response.statusCode(), text, model);
                }
            }
            return response.body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw errors.cancelled();
        } catch (CancellationException e) {
            throw new IOException("closed", e);
        } catch (ExecutionException e) {
            throw closed ? errors.cancelled() : errors.unreachable(address, JsonService.cause(e));
        }
    }

    private @Nullable String line(InputStream from) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            for (int i = start; i < end; i++) {
                if (buffer[i] == '\n') {
                    line.write(buffer, start, i - start);
                    start = i + 1;
                    return line.toString(StandardCharsets.UTF_8);
                }
            }
            line.write(buffer, start, end - start);
            if (line.size() > MAX_LINE) {
                throw errors.protocol(address, "a line of its answer is longer than " + (MAX_LINE >> 20) + " MiB");
            }
            start = 0;
            end = Math.max(0, from.read(buffer));
            watch.heard();
            if (end == 0) {
                return line.size() == 0 ? null : line.toString(StandardCharsets.UTF_8);
            }
        }
    }

    private LocalModelException interrupted(IOException cause) {
        if (watch.expired()) {
            return errors.stalled(address, Math.max(1, idleTimeout.toSeconds()));
        }
        if (closed || Thread.currentThread().isInterrupted()) {
            return errors.cancelled();
        }
        return errors.unreachable(address, cause);
    }

    /** Ends the request if its answer has not begun, else the answer: either way the connection closes. */
    private void drop() {
        if (!reply.cancel(true) && !reply.isCompletedExceptionally()) {
            JsonService.closeQuietly(reply.join().body());
        }
    }
}
