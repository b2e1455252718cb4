package org.llmspell.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** A server of JSON in this process, on loopback: what the fakes share, which is all but what they answer. Thread-safe. */
abstract class FakeService implements AutoCloseable {
    static final ObjectMapper JSON = new ObjectMapper();

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicInteger running = new AtomicInteger();
    private final CountDownLatch closed = new CountDownLatch(1);

    /** @param port to listen on; 0 for any. Nothing is answered before {@link #start} */
    FakeService(int port) {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
    }

    /** Begins to answer. */
    final void start() {
        server.createContext("/", this::handle);
        server.start();
    }

    /** Answers a request; {@code body} is an empty object where there is none. */
    abstract void answer(HttpExchange exchange, String path, JsonNode body) throws IOException, InterruptedException;

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] bytes = exchange.getRequestBody().readAllBytes();
            JsonNode body = bytes.length == 0 ? JSON.createObjectNode() : JSON.readTree(bytes);
            answer(exchange, exchange.getRequestURI().getPath(), body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public final int port() {
        return server.getAddress().getPort();
    }

    /** Scheme, host and port. */
    final String root() {
        return "http://127.0.0.1:" + port();
    }

    /** Streamed answers being written now; a client that goes away ends its own at the next write. */
    public final int running() {
        return running.get();
    }

    /** Waits until no streamed answer is being written; false after ten seconds. */
    public final boolean becomesIdle() throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (running.get() > 0 && System.nanoTime() < deadline) {
            Thread.sleep(5);
        }
        return running.get() == 0;
    }

    @Override
    public final void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    /** Writes an answer piece by piece. */
    interface Writing {
        void write() throws IOException, InterruptedException;
    }

    /** Does it, and counts it as running meanwhile. */
    final void stream(Writing answer) throws IOException, InterruptedException {
        running.incrementAndGet();
        try {
            answer.write();
        } finally {
            running.decrementAndGet();
        }
    }

    /** Says nothing until it is closed, or for longer than any test waits. */
    final void stall() throws InterruptedException {
        closed.await(30, TimeUnit.SECONDS);
    }

    static void json(HttpExchange exchange, int status, JsonNode body) throws IOException {
        reply(exchange, status, "application/json; charset=utf-8", body.toString());
    }

    static void reply(HttpExchange exchange, int status, String type, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", type);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }
}
