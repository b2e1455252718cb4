package org.llmspell.local.ollama;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.json.JsonText;
import org.llmspell.local.net.SilenceWatch;

/**
 * A streamed answer: one JSON object a line. One thread reads; any thread may close, which drops the connection, so that
 * the server stops working for it.
 */
final class OllamaLines implements AutoCloseable {
    /** Longer lines than any honest one, the token array of a whole context included. */
    private static final int MAX_LINE = 16 << 20;

    private final URI address;
    private final CompletableFuture<HttpResponse<InputStream>> reply;
    private final String model;
    private final Duration idleTimeout;
    private final SilenceWatch watch;
    private final byte[] buffer = new byte[8192];
    private int start;
    private int end;
    private @Nullable InputStream in;
    private volatile boolean closed;

    OllamaLines(URI address, CompletableFuture<HttpResponse<InputStream>> reply, String model, Duration idleTimeout) {
        this.address = address;
        this.reply = reply;
        this.model = model;
        this.idleTimeout = idleTimeout;
        this.watch = new SilenceWatch(idleTimeout, this::drop);
    }

    /**
     * Waits for the next object; null at the end of the answer.
     *
     * @throws LocalModelException if the server says so, breaks off, stalls or is no Ollama; of kind {@code CANCELLED}
     *     once this is closed or the reading thread is interrupted
     */
    @Nullable
    Map<String, @Nullable Object> next() {
        try {
            if (in == null) {
                in = open();
            }
            String line = line(in);
            while (line != null && line.isBlank()) {
                line = line(in);
            }
            if (line == null) {
                watch.close();
                return null;
            }
            Map<String, @Nullable Object> object = JsonText.parseObject(line);
            if (object.get("error") instanceof String words) {
                throw OllamaErrors.failure(words.strip(), address);
            }
            return object;
        } catch (IllegalArgumentException e) {
            throw closing(OllamaErrors.protocol(address, "its JSON is malformed: " + e.getMessage()));
        } catch (IOException e) {
            throw closing(interrupted(e));
        } catch (LocalModelException e) {
            throw closing(e);
        }
    }

    /** What to throw where an answer ends before it is complete. */
    LocalModelException brokenOff() {
        return closed
                ? OllamaErrors.cancelled()
                : OllamaErrors.unreachable(
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
                    throw OllamaErrors.status(address, response.statusCode(), text, model);
                }
            }
            return response.body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw OllamaErrors.cancelled();
        } catch (CancellationException e) {
            throw new IOException("closed", e);
        } catch (ExecutionException e) {
            throw closed ? OllamaErrors.cancelled() : OllamaClient.failure(address, e.getCause());
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
                throw OllamaErrors.protocol(
                        address, "a line of its answer is longer than " + (MAX_LINE >> 20) + " MiB");
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
            return OllamaErrors.stalled(address, Math.max(1, idleTimeout.toSeconds()));
        }
        if (closed || Thread.currentThread().isInterrupted()) {
            return OllamaErrors.cancelled();
        }
        return OllamaErrors.unreachable(address, cause);
    }

    private LocalModelException closing(LocalModelException failure) {
        close();
        return failure;
    }

    /** Ends the request if its answer has not begun, else the answer: either way the connection closes. */
    private void drop() {
        if (!reply.cancel(true) && !reply.isCompletedExceptionally()) {
            OllamaClient.closeQuietly(reply.join().body());
        }
    }
}
