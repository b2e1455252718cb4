package org.llmspell.local.ollama;

import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.config.OllamaConfig;
import org.llmspell.local.net.JsonService;

/** One Ollama server's HTTP interface: a question that is answered at once, or by a stream of objects. Thread-safe. */
final class OllamaClient implements AutoCloseable {
    private final OllamaConfig config;
    private final HttpClient http;
    private final JsonService service;

    OllamaClient(OllamaConfig config) {
        this.config = config;
        this.http = JsonService.client(config.timeout());
        this.service = new JsonService(http, config.url(), Map.of(), OllamaErrors.ERRORS);
    }

    URI address() {
        return config.url();
    }

    /** {@link JsonService#ask}. */
    Map<String, @Nullable Object> ask(
            String method, String path, @Nullable Map<String, ?> body, @Nullable String model, Duration timeout) {
        return service.ask(method, path, body, model, timeout);
    }

    /** {@link #ask} within the connection timeout. */
    Map<String, @Nullable Object> ask(
            String method, String path, @Nullable Map<String, ?> body, @Nullable String model) {
        return ask(method, path, body, model, config.timeout());
    }

    /** Asks and returns as soon as the request is under way; the stream belongs to the caller. */
    OllamaObjects stream(String path, Map<String, ?> body, String model) {
        return new OllamaObjects(config.url(), service.stream(path, body, model, config.idleTimeout()));
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
