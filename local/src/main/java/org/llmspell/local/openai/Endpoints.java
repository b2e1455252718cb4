package org.llmspell.local.openai;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.config.OpenAiConfig;
import org.llmspell.local.net.JsonService;

/**
 * The servers of one provider: which of them to ask, and which of them failed. One that failed is asked last, and checked in
 * the background until it answers again. Thread-safe.
 */
final class Endpoints implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Endpoints.class.getName());

    private final OpenAiConfig config;
    private final HttpClient http;
    private final List<Endpoint> all = new ArrayList<>();
    private volatile boolean closed;

    Endpoints(OpenAiConfig config, OpenAiErrors errors) {
        this.config = config;
        this.http = JsonService.client(config.timeout());
        String key = config.apiKey();
        Map<String, String> headers = key == null ? Map.of() : Map.of("Authorization", "Bearer " + key);
        for (URI url : config.urls()) {
            all.add(new Endpoint(new JsonService(http, url, headers, errors)));
        }
    }

    /** One server. */
    final class Endpoint {
        private final JsonService service;
        private final AtomicInteger requests = new AtomicInteger();
        private volatile boolean down;
        private @Nullable Thread check;

        private Endpoint(JsonService service) {
            this.service = service;
        }

        JsonService service() {
            return service;
        }

        URI address() {
            return service.address();
        }

        /** A request to it begins; {@link #ended} follows. */
        void began() {
            requests.incrementAndGet();
        }

        void ended() {
            requests.decrementAndGet();
        }

        /** It did not do what it was asked: if it is broken, others are asked before it until it answers again. */
        synchronized void failed(LocalModelException failure) {
            if (closed || check != null || !OpenAiErrors.isBroken(failure)) {
                return;
            }
            down = true;
            LOG.log(Level.WARNING, "{0} failed and is asked last: {1}", address(), failure.getMessage());
            check = Thread.ofVirtual().name("llmspell-check").start(this::untilItAnswers);
        }

        private void untilItAnswers() {
            try {
                while (down && !closed) {
                    Thread.sleep(config.checkInterval());
                    if (answers(config.timeout())) {
                        recovered();
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private synchronized void recovered() {
            down = false;
            check = null;
            LOG.log(Level.INFO, "{0} answers again", address());
        }

        boolean answers(Duration timeout) {
            try {
                service.ask("GET", "/models", null, null, timeout);
                return true;
            } catch (LocalModelException e) {
                return false;
            }
        }

        private synchronized void stopChecking() {
            if (check != null) {
                check.interrupt();
            }
        }
    }

    /** All of them, the best to ask first: those that work, of them those with the fewest requests, of them in the order configured. */
    List<Endpoint> inOrder() {
        record Ranked(Endpoint endpoint, boolean down, int requests) {}
        // Ranks are taken once: they change while a sort would look at them.
        return all.stream()
                .map(endpoint -> new Ranked(endpoint, endpoint.down, endpoint.requests.get()))
                .sorted(Comparator.comparing(Ranked::down).thenComparingInt(Ranked::requests))
                .map(Ranked::endpoint)
                .toList();
    }

    List<Endpoint> all() {
        return List.copyOf(all);
    }

    /** Whether one of them answers within {@code timeout}. */
    boolean oneAnswers(Duration timeout) {
        return inOrder().stream().anyMatch(endpoint -> endpoint.answers(timeout));
    }

    @Override
    public void close() {
        closed = true;
        all.forEach(Endpoint::stopChecking);
        http.shutdownNow();
    }
}
