package org.llmspell.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.llmspell.engine.ResidentModel;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.LocalModels;
import org.llmspell.local.candle.CandleBackend;
import org.llmspell.local.config.ServerConfig;
import org.llmspell.server.anthropic.AnthropicRoutes;
import org.llmspell.server.api.Admission;
import org.llmspell.server.api.Catalog;
import org.llmspell.server.api.Embeddings;
import org.llmspell.server.api.Failures;
import org.llmspell.server.api.Generations;
import org.llmspell.server.api.Metrics;
import org.llmspell.server.api.RunningReplies;
import org.llmspell.server.api.Tokens;
import org.llmspell.server.http.Exchange;
import org.llmspell.server.http.Guard;
import org.llmspell.server.http.HttpListener;
import org.llmspell.server.http.Routes;
import org.llmspell.server.ollama.OllamaRoutes;
import org.llmspell.server.openai.OpenAiRoutes;
import org.llmspell.server.web.WebPage;

/**
 * Local models over HTTP. From its start it listens; {@link #close} ends it in bounded time. Thread-safe.
 */
public final class Server implements AutoCloseable {
    private final ServerConfig config;
    private final InetAddress address;
    private final Catalog catalog;
    private final Metrics metrics = new Metrics();
    private final Generations generations;
    private final HttpListener listener;

    private Server(LocalModels models, ServerConfig config, InetAddress address) throws IOException {
        this.config = config;
        this.address = address;
        this.catalog = new Catalog(models);
        RunningReplies running = new RunningReplies();
        this.generations = new Generations(new Admission(config.parallel(), config.maxQueue()), metrics, running);
        Embeddings embeddings = new Embeddings(generations);
        Tokens tokens = new Tokens(catalog, generations);
        Routes routes = new Routes();
        OllamaRoutes.add(routes, catalog, generations, embeddings);
        OpenAiRoutes.add(routes, catalog, generations, embeddings);
        AnthropicRoutes.add(routes, catalog, generations, tokens);
        WebPage.add(routes);
        routes.on("GET", "/api/running", running::list)
                .on("POST", "/api/tokenize", tokens::tokenize)
                .on("POST", "/api/detokenize", tokens::detokenize)
                .on("GET", "/health", exchange -> exchange.json(200, Map.of("status", "ok")))
                .on("GET", "/metrics", this::metrics);
        Guard guard = new Guard(
                address.isLoopbackAddress(),
                List.of(config.host(), hostName()),
                config.allowedOrigins(),
                config.apiKey());
        this.listener = new HttpListener(
                address,
                config.port(),
                routes,
                guard,
                new HttpListener.Limits(config.maxBodyBytes(), config.stallTimeout()),
                Failures::of,
                metrics::answered);
    }

    /**
     * Starts a server.
     *
     * @param models who replies; not closed by this class
     * @throws LocalModelException of kind {@code CONFIGURATION} if the address needs a key that is not there, is unknown, or
     *     is taken
     */
    public static Server start(LocalModels models, ServerConfig config) {
        InetAddress address;
        try {
            address = InetAddress.getByName(config.host());
        } catch (UnknownHostException e) {
            throw new LocalModelException(
                    Kind.CONFIGURATION,
                    "There is no address " + config.host() + " on this machine",
                    null,
                    List.of("Listen on this machine alone: --host 127.0.0.1"),
                    e);
        }
        if (!address.isLoopbackAddress() && config.apiKey() == null) {
            throw new LocalModelException(
                    Kind.CONFIGURATION,
                    "Other machines could use the server at " + config.host() + ", so it needs an API key",
                    "Give one: LLMSPELL_API_KEY, server.api_key in the configuration, or --api-key",
                    "Listen on this machine alone: --host 127.0.0.1");
        }
        try {
            return new Server(models, config, address);
        } catch (IOException e) {
            throw new LocalModelException(
                    Kind.CONFIGURATION,
                    "Cannot listen on " + config.host() + " port " + config.port(),
                    String.valueOf(e.getMessage()),
                    List.of("Take another port: --port 0 finds a free one", "See who has it: `ss -ltnp`"),
                    e);
        }
    }

    /** Its own name, by which a page on this machine may call it; the address where it has none. */
    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    /** Where clients find it, for instance {@code http://127.0.0.1:11435}. */
    public String url() {
        String host = address.isAnyLocalAddress() ? hostName() : address.getHostAddress();
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + listener.port();
    }

    public int port() {
        return listener.port();
    }

    /** Requests under way. */
    public int open() {
        return listener.open();
    }

    private void metrics(Exchange exchange) {
        Map<String, Double> gauges = new LinkedHashMap<>();
        gauges.put("llmspell_requests_open", (double) listener.open());
        gauges.put("llmspell_replies_running", (double) generations.running());
        gauges.put("llmspell_requests_queued", (double) generations.waiting());
        List<ResidentModel> resident =
                catalog.candle().map(CandleBackend::residentModels).orElse(List.of());
        gauges.put("llmspell_resident_models", (double) resident.size());
        gauges.put("llmspell_resident_bytes", (double)
                resident.stream().mapToLong(ResidentModel::sizeBytes).sum());
        gauges.put("llmspell_cache_pages_in_use", (double)
                resident.stream().mapToInt(ResidentModel::pagesInUse).sum());
        gauges.put("llmspell_cache_pages_allocated", (double)
                resident.stream().mapToInt(ResidentModel::pagesAllocated).sum());
        exchange.text(200, "text/plain; version=0.0.4; charset=utf-8", metrics.write(gauges));
    }

    /** Ends it: lets replies go on for the configured grace, then cancels them. */
    @Override
    public void close() {
        close(config.shutdownGrace());
    }

    /** {@link #close()} with another grace. */
    public void close(Duration grace) {
        listener.close(grace);
    }
}
