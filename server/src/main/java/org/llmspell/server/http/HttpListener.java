package org.llmspell.server.http;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.Quoted;
import org.llmspell.local.json.JsonText;

/**
 * Listens, checks each request before its body is read, and gives it to its handler on a virtual thread. One event loop moves
 * all bytes; handlers may block. Thread-safe.
 */
public final class HttpListener implements AutoCloseable {
    /** Bodies in memory at once, in the largest size of one. */
    private static final int BODIES = 16;

    /**
     * What a client may take.
     *
     * @param maxBody bytes of a request's body, but for uploads
     * @param stall how long a client may send or read nothing of what is under way
     */
    public record Limits(int maxBody, Duration stall) {}

    /** Told of every request when it has been answered. */
    @FunctionalInterface
    public interface Log {
        /**
         * A request was answered.
         *
         * @param route the path as registered, {@code other} for unknown ones
         * @param status 499 where the client went away first
         */
        void answered(String method, String route, int status, long nanos);
    }

    private final Routes routes;
    private final Guard guard;
    private final Limits limits;
    private final Log log;
    private final Function<Throwable, HttpFailure> failures;
    private final Vertx vertx;
    private final Connections connections;
    private final HttpServer server;
    private final Set<Exchange> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong bodies = new AtomicLong();
    private volatile boolean draining;

    /**
     * Starts listening.
     *
     * @param port 0 for any
     * @param failures what a handler's exception means
     * @throws IOException if the port cannot be had
     */
    public HttpListener(
            InetAddress address,
            int port,
            Routes routes,
            Guard guard,
            Limits limits,
            Function<Throwable, HttpFailure> failures,
            Log log)
            throws IOException {
        this.routes = routes;
        this.guard = guard;
        this.limits = limits;
        this.failures = failures;
        this.log = log;
        this.vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setUseDaemonThread(true)
                .setBlockedThreadCheckInterval(TimeUnit.HOURS.toMillis(1))
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        this.connections = new Connections(vertx, limits.stall());
        boolean listening = false;
        try {
            this.server = await(vertx.createHttpServer(new HttpServerOptions()
                            .setHost(address.getHostAddress())
                            .setPort(port)
                            .setHandle100ContinueAutomatically(true)
                            .setHttp2ClearTextEnabled(false)
                            .setMaxInitialLineLength(8 << 10)
                            .setMaxHeaderSize(16 << 10)
                            // Small, so that a reader who stops is noticed before megabytes are on their way.
                            .setSendBufferSize(128 << 10)
                            .setAcceptBacklog(1024))
                    .connectionHandler(connections::opened)
                    .exceptionHandler(e -> {})
                    .requestHandler(this::handle)
                    .listen());
            listening = true;
        } finally {
            if (!listening) {
                vertx.close();
            }
        }
    }

    /** The port that is listened on. */
    public int port() {
        return server.actualPort();
    }

    /** Requests under way. */
    public int open() {
        return open.size();
    }

    // On the event loop.

    private void handle(HttpServerRequest request) {
        long startedAt = System.nanoTime();
        connections.busy(request.connection());
        String path = "";
        String route = "other";
        try {
            path = path(request);
            if (draining) {
                throw HttpFailure.stopping();
            }
            Guard.Headers headers = new Guard.Headers(
                    host(request),
                    request.getHeader("Origin"),
                    request.getHeader("Authorization"),
                    request.getHeader("x-api-key"));
            if (HttpMethod.OPTIONS.equals(request.method())) {
                guard.checkPreflight(headers);
                preflight(request);
                answered(request, "preflight", 204, startedAt);
                return;
            }
            guard.check(path, headers);
            allowOrigin(request);
            Routes.Route found = routes.find(request.method().name(), path);
            route = found.path();
            String encoding = request.getHeader("Content-Encoding");
            if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
                throw new HttpFailure(415, "compressed requests are not taken; send the body as it is");
            }
            accept(request, new Exchange(request, path, limits.stall()), found);
        } catch (HttpFailure refusal) {
            refuse(request, path, refusal);
            answered(request, route, refusal.status(), startedAt);
        }
    }

    private void answered(HttpServerRequest request, String route, int status, long startedAt) {
        connections.idle(request.connection());
        log.answered(request.method().name(), route, status, System.nanoTime() - startedAt);
    }

    private static String path(HttpServerRequest request) {
        String raw = request.path();
        if (raw == null || raw.isEmpty() || raw.charAt(0) != '/') {
            throw new HttpFailure(400, "the request's target is no path");
        }
        try {
            // Only %XX has a meaning in a path: a plus is a plus.
            return URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new HttpFailure(400, "the request's path is not well-formed");
        }
    }

    private static @Nullable String host(HttpServerRequest request) {
        return request.getHeader("Host");
    }

    private static void allowOrigin(HttpServerRequest request) {
        String origin = request.getHeader("Origin");
        if (origin != null) {
            request.response().putHeader("Access-Control-Allow-Origin", origin).putHeader("Vary", "Origin");
        }
    }

    private static void preflight(HttpServerRequest request) {
        allowOrigin(request);
        String asked = request.getHeader("Access-Control-Request-Headers");
        boolean plain = asked != null && asked.length() <= 1024 && asked.matches("[A-Za-z0-9,_ -]*");
        request.response()
                .setStatusCode(204)
                .putHeader("Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE")
                .putHeader("Access-Control-Allow-Headers", plain ? asked : "Authorization, Content-Type, x-api-key")
                .putHeader("Access-Control-Max-Age", "600")
                .end();
    }

    /** Answers without reading the body, whose rest makes the connection useless. */
    private static void refuse(HttpServerRequest request, String path, HttpFailure refusal) {
        if (request.response().ended() || request.response().closed()) {
            return;
        }
        if (refusal.status() == 503) {
            request.response().putHeader("Retry-After", "1");
        }
        if (refusal.status() == 401) {
            request.response().putHeader("WWW-Authenticate", "Bearer");
        }
        boolean bodyless = request.isEnded();
        request.response()
                .setStatusCode(refusal.status())
                .putHeader("Content-Type", Exchange.JSON)
                .putHeader("Connection", bodyless ? "keep-alive" : "close")
                .end(Buffer.buffer(JsonText.compact(Dialect.of(path).error(refusal))))
                .onComplete(done -> {
                    if (!bodyless) {
                        request.connection().close();
                    }
                });
    }

    private void accept(HttpServerRequest request, Exchange exchange, Routes.Route route) {
        request.response().exceptionHandler(e -> exchange.clientGone());
        request.response().closeHandler(nothing -> exchange.clientGone());
        Context context = Vertx.currentContext();
        if (route.upload()) {
            exchange.receiving(new Upload(request, context, limits.stall()));
            start(request, exchange, route);
            return;
        }
        new BodyReader(request).read(exchange, route);
    }

    /** Collects one body, up to the limit. */
    private final class BodyReader {
        private final HttpServerRequest request;
        private final Buffer buffer = Buffer.buffer();
        private long timer = -1;
        private long lastPiece = System.nanoTime();
        private boolean over;

        BodyReader(HttpServerRequest request) {
            this.request = request;
        }

        void read(Exchange exchange, Routes.Route route) {
            if (announced() > limits.maxBody()) {
                throw tooLarge();
            }
            request.handler(piece -> take(piece, exchange, route));
            request.endHandler(nothing -> {
                if (!over) {
                    over = true;
                    vertx.cancelTimer(timer);
                    exchange.received(buffer.getBytes());
                    start(request, exchange, route); // whose end gives the memory back
                }
            });
            request.exceptionHandler(e -> forget());
            timer = vertx.setPeriodic(1000, id -> {
                if (!over && System.nanoTime() - lastPiece > limits.stall().toNanos()) {
                    give(new HttpFailure(408, "the body did not come in time"), exchange, route);
                }
            });
        }

        private void take(Buffer piece, Exchange exchange, Routes.Route route) {
            if (over) {
                return;
            }
            lastPiece = System.nanoTime();
            if ((long) buffer.length() + piece.length() > limits.maxBody()) {
                give(tooLarge(), exchange, route);
            } else if (bodies.get() + piece.length() > (long) BODIES * limits.maxBody()) {
                give(HttpFailure.busy(), exchange, route);
            } else {
                bodies.addAndGet(piece.length());
                buffer.appendBuffer(piece);
            }
        }

        private void give(HttpFailure refusal, Exchange exchange, Routes.Route route) {
            forget();
            refuse(request, exchange.path(), refusal);
            answered(request, route.path(), refusal.status(), exchange.startedAt());
        }

        /** Gives the memory back, unless a handler has the body. */
        private void forget() {
            if (!over) {
                over = true;
                vertx.cancelTimer(timer);
                bodies.addAndGet(-buffer.length());
            }
        }

        private long announced() {
            String length = request.getHeader("Content-Length");
            try {
                return length == null ? 0 : Long.parseLong(length);
            } catch (NumberFormatException e) {
                throw new HttpFailure(400, "Content-Length is no number");
            }
        }

        private HttpFailure tooLarge() {
            return new HttpFailure(
                    413, "the request is larger than " + (limits.maxBody() >> 20) + " MiB (server.max_body_mb)");
        }
    }

    private void start(HttpServerRequest request, Exchange exchange, Routes.Route route) {
        open.add(exchange);
        Thread.ofVirtual().name("llmspell-request").start(() -> run(request, exchange, route));
    }

    // On the request's own thread.

    private void run(HttpServerRequest request, Exchange exchange, Routes.Route route) {
        exchange.begin();
        try {
            try {
                route.handler().handle(exchange);
            } catch (Throwable e) {
                fail(exchange, e);
            }
            exchange.complete();
        } catch (ClientGoneException e) {
            System.getLogger(HttpListener.class.getName())
                    .log(System.Logger.Level.DEBUG, () -> Quoted.of(exchange.path()) + ": " + e.getMessage());
        } catch (RuntimeException e) {
            unexpected(exchange, e);
            request.connection().close();
        } finally {
            exchange.end();
            bodies.addAndGet(-exchange.body().length);
            open.remove(exchange);
            int status = exchange.gone() || exchange.status() == 0 ? 499 : exchange.status();
            answered(request, route.path(), status, exchange.startedAt());
        }
    }

    private void fail(Exchange exchange, Throwable e) {
        if (exchange.gone() || e instanceof ClientGoneException) {
            return;
        }
        HttpFailure failure = exchange.stopped() ? HttpFailure.stopping() : failures.apply(e);
        if (failure.status() == 500 && !(e instanceof HttpFailure)) {
            unexpected(exchange, e);
        }
        exchange.fail(failure);
    }

    private static void unexpected(Exchange exchange, Throwable e) {
        System.getLogger(HttpListener.class.getName())
                .log(System.Logger.Level.WARNING, () -> Quoted.of(exchange.path()) + " failed: " + e, e);
    }

    /**
     * Stops: new requests are refused at once; those under way may go on for {@code grace}, then are cancelled. Returns when
     * nothing is left, in any case within {@code grace} and some seconds.
     */
    public void close(Duration grace) {
        draining = true;
        boolean interrupted = awaitIdle(grace);
        open.forEach(Exchange::cancel);
        interrupted |= awaitIdle(Duration.ofSeconds(2));
        try {
            await(vertx.close());
        } catch (IOException e) {
            System.getLogger(HttpListener.class.getName())
                    .log(System.Logger.Level.DEBUG, "the listener did not close", e);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        close(Duration.ZERO);
    }

    private boolean awaitIdle(Duration most) {
        boolean interrupted = false;
        long deadline = System.nanoTime() + most.toNanos();
        while (!open.isEmpty() && System.nanoTime() < deadline) {
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                interrupted = true;
                break;
            }
        }
        return interrupted;
    }

    private static <T> T await(Future<T> future) throws IOException {
        try {
            return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(String.valueOf(e.getCause()), e);
        } catch (TimeoutException e) {
            throw new IOException("no answer in time", e);
        }
    }
}
