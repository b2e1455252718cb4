package org.llmspell.local.ollama;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.config.OllamaConfig;
import org.llmspell.local.json.JsonText;
import org.llmspell.local.net.SilenceWatch;

/**
 * One Ollama server's HTTP interface: a question that is answered at once, or one that is answered by a stream of lines.
 * HTTP/1.1 alone, since Ollama speaks nothing else. Thread-safe.
 */
final class OllamaClient implements AutoCloseable {
    /** The largest answer to a short question; a listing of a thousand models takes about one MiB. */
    private static final int MAX_BODY = 64 << 20;

    private final OllamaConfig config;
    private final HttpClient http;

    OllamaClient(OllamaConfig config) {
        this.config = config;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(config.timeout())
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
    }

    URI address() {
        return config.url();
    }

    /**
     * Asks and waits for the whole answer.
     *
     * @param body null for a GET
     * @param model the model asked about, for the error if there is none
     * @param timeout for all of it
     */
    Map<String, @Nullable Object> ask(
            String method, String path, @Nullable Map<String, ?> body, @Nullable String model, Duration timeout) {
        HttpRequest request = request(method, path, body).timeout(timeout).build();
        CompletableFuture<HttpResponse<InputStream>> reply =
                http.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
        // The request's own timeout ends with the headers; the rest of the answer gets as long again.
        try (SilenceWatch watch = new SilenceWatch(timeout.multipliedBy(2), () -> reply.cancel(true))) {
            HttpResponse<InputStream> response = await(reply);
            try (InputStream in = response.body()) {
                watch.onExpiry(() -> closeQuietly(in));
                String text = text(in);
                if (response.statusCode() / 100 != 2) {
                    throw OllamaErrors.status(address(), response.statusCode(), text, model);
                }
                return text.isBlank() ? Map.of() : JsonText.parseObject(text);
            } catch (IllegalArgumentException e) {
                throw OllamaErrors.protocol(address(), "its JSON is malformed: " + e.getMessage());
            } catch (IOException e) {
                throw OllamaErrors.unreachable(address(), e);
            }
        }
    }

    /** {@link #ask} within the connection timeout. */
    Map<String, @Nullable Object> ask(
            String method, String path, @Nullable Map<String, ?> body, @Nullable String model) {
        return ask(method, path, body, model, config.timeout());
    }

    /** Asks and returns as soon as the request is under way; the stream belongs to the caller. */
    OllamaLines stream(String path, Map<String, ?> body, String model) {
        HttpRequest request = request("POST", path, body).build();
        return new OllamaLines(
                address(),
                http.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream()),
                model,
                config.idleTimeout());
    }

    @Override
    public void close() {
        http.shutdownNow();
    }

    private HttpRequest.Builder request(String method, String path, @Nullable Map<String, ?> body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(address() + path))
                .header("Accept", "application/json, application/x-ndjson");
        if (body == null) {
            return request.method(method, HttpRequest.BodyPublishers.noBody());
        }
        return request.header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(JsonText.compact(body)));
    }

    private HttpResponse<InputStream> await(CompletableFuture<HttpResponse<InputStream>> reply) {
        try {
            return reply.get();
        } catch (InterruptedException e) {
            reply.cancel(true);
            Thread.currentThread().interrupt();
            throw OllamaErrors.cancelled();
        } catch (ExecutionException e) {
            throw failure(address(), e.getCause());
        } catch (CancellationException e) {
            throw OllamaErrors.unreachable(address(), new java.net.http.HttpTimeoutException("no answer in time"));
        }
    }

    static LocalModelException failure(URI address, @Nullable Throwable cause) {
        Throwable reason = cause instanceof CompletionException && cause.getCause() != null ? cause.getCause() : cause;
        return OllamaErrors.unreachable(address, reason == null ? new IOException("no answer") : reason);
    }

    private String text(InputStream in) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            text.write(buffer, 0, n);
            if (text.size() > MAX_BODY) {
                throw OllamaErrors.protocol(address(), "its answer is longer than " + (MAX_BODY >> 20) + " MiB");
            }
        }
        return text.toString(StandardCharsets.UTF_8);
    }

    static void closeQuietly(InputStream in) {
        try {
            in.close();
        } catch (IOException ignored) {
            // Closing is how a connection is dropped; that it was broken already changes nothing.
        }
    }
}
