package org.llmspell.local.net;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.json.JsonText;

/**
 * A service at one address that speaks JSON: a question that is answered at once, or one that is answered by a stream of lines.
 * Follows no redirects, so that a key goes nowhere else. Thread-safe.
 */
public final class JsonService {
    /** The largest answer to a short question; a listing of a thousand models takes about one MiB. */
    private static final int MAX_BODY = 64 << 20;

    private final HttpClient http;
    private final URI address;
    private final Map<String, String> headers;
    private final ServiceErrors errors;

    /**
     * @param http from {@link #client}; belongs to the caller
     * @param address scheme, host, port, perhaps a path; no slash at its end
     * @param headers sent with every request
     */
    public JsonService(HttpClient http, URI address, Map<String, String> headers, ServiceErrors errors) {
        this.http = http;
        this.address = address;
        this.headers = Map.copyOf(headers);
        this.errors = errors;
    }

    /** A client of HTTP/1.1 alone, which every such service speaks, and many nothing else. */
    public static HttpClient client(Duration connectTimeout) {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(connectTimeout)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
    }

    public URI address() {
        return address;
    }

    /**
     * Asks and waits for the whole answer.
     *
     * @param body null for none
     * @param model the model asked about, for the error if there is none
     * @param timeout for all of it
     */
    public Map<String, @Nullable Object> ask(
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
                    throw errors.status(address, response.statusCode(), text, model);
                }
                return text.isBlank() ? Map.of() : JsonText.parseObject(text);
            } catch (IllegalArgumentException e) {
                throw errors.protocol(address, "its JSON is malformed: " + e.getMessage());
            } catch (IOException e) {
                throw errors.unreachable(address, e);
            }
        }
    }

    /**
     * Posts a question and returns as soon as it is under way; the stream belongs to the caller.
     *
     * @param idleTimeout the longest silence before the answer counts as stalled
     */
    public ReplyLines stream(String path, Map<String, ?> body, @Nullable String model, Duration idleTimeout) {
        HttpRequest request = request("POST", path, body).build();
        return new ReplyLines(
                address,
                errors,
                http.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream()),
                model,
                idleTimeout);
    }

    private HttpRequest.Builder request(String method, String path, @Nullable Map<String, ?> body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(address + path))
                .header("Accept", "application/json, application/x-ndjson, text/event-stream");
        headers.forEach(request::header);
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
            throw errors.cancelled();
        } catch (ExecutionException e) {
            throw errors.unreachable(address, cause(e));
        } catch (CancellationException e) {
            throw errors.unreachable(address, new HttpTimeoutException("no answer in time"));
        }
    }

    /** What a request that failed failed of. */
    static Throwable cause(ExecutionException failed) {
        Throwable cause = failed.getCause();
        Throwable reason = cause instanceof CompletionException && cause.getCause() != null ? cause.getCause() : cause;
        return reason == null ? new IOException("no answer") : reason;
    }

    private String text(InputStream in) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            text.write(buffer, 0, n);
            if (text.size() > MAX_BODY) {
                throw errors.protocol(address, "its answer is longer than " + (MAX_BODY >> 20) + " MiB");
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
