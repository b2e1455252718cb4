package org.llmspell.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A file server in this process that serves ranges and misbehaves on request: each request takes the next fault of its path's
 * queue, and is answered honestly when there is none left. Thread-safe.
 */
public final class FakeFiles implements AutoCloseable {
    /** How an answer goes wrong. */
    public sealed interface Fault {
        /** An honest answer that takes its place in the queue. */
        record None() implements Fault {}

        /** The connection ends after that many bytes of the body. */
        record CutAfter(int bytes) implements Fault {}

        /** The whole file under 200, whatever was asked. */
        record IgnoreRange() implements Fault {}

        /** A range that begins elsewhere than asked. */
        record WrongRange() implements Fault {}

        /** A total in Content-Range that is not the file's. */
        record WrongTotal(long total) implements Fault {}

        /** Other bytes than the file's, as many. */
        record WrongBytes() implements Fault {}

        /** A body under 200 that never ends. */
        record Endless() implements Fault {}

        /** Silence after that many bytes. */
        record StallAfter(int bytes) implements Fault {}

        /** A redirect. */
        record Redirect(int status, String location) implements Fault {}

        /** An error status. */
        record Status(int status, @Nullable String retryAfter) implements Fault {}
    }

    /** What a client asked. */
    public record Request(
            String path, @Nullable String range, @Nullable String authorization) {}

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, byte[]> files = new ConcurrentHashMap<>();
    private final Map<String, Queue<Fault>> faults = new ConcurrentHashMap<>();
    private final Map<String, Fault> always = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile long pauseMillis;

    public FakeFiles() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** Serves {@code content} at {@code path}, which begins with a slash. */
    public URI serve(String path, byte[] content) {
        files.put(path, content);
        return url(path);
    }

    /** The next requests of {@code path} go wrong so, one each. */
    public void next(String path, Fault... upcoming) {
        faults.computeIfAbsent(path, p -> new ConcurrentLinkedQueue<>()).addAll(List.of(upcoming));
    }

    /** All requests of {@code path} go wrong so. */
    public void always(String path, Fault fault) {
        always.put(path, fault);
    }

    /** Waits that long between pieces of 64 KiB, so that a download takes a while. */
    public void slowDown(long millis) {
        pauseMillis = millis;
    }

    public URI url(String path) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    }

    /** The same place under another host name. */
    public URI urlByName(String path) {
        return URI.create("http://localhost:" + server.getAddress().getPort() + path);
    }

    public List<Request> requests() {
        return List.copyOf(requests);
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            String range = exchange.getRequestHeaders().getFirst("Range");
            requests.add(new Request(path, range, exchange.getRequestHeaders().getFirst("Authorization")));
            Queue<Fault> queue = faults.get(path);
            Fault fault = queue == null ? null : queue.poll();
            answer(exchange, path, range, fault == null ? always.getOrDefault(path, new Fault.None()) : fault);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void answer(HttpExchange exchange, String path, @Nullable String range, Fault fault)
            throws IOException, InterruptedException {
        switch (fault) {
            case Fault.Redirect(int status, String location) -> {
                exchange.getResponseHeaders().add("Location", location);
                exchange.sendResponseHeaders(status, -1);
                return;
            }
            case Fault.Status(int status, @Nullable String retryAfter) -> {
                if (retryAfter != null) {
                    exchange.getResponseHeaders().add("Retry-After", retryAfter);
                }
                byte[] words = "{\"error\":\"no\"}".getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(status, words.length);
                exchange.getResponseBody().write(words);
                return;
            }
            default -> {}
        }
        byte[] content = files.get(path);
        if (content == null) {
            exchange.sendResponseHeaders(404, -1);
            return;
        }
        if (fault instanceof Fault.Endless) {
            exchange.sendResponseHeaders(200, 0);
            byte[] junk = new byte[1 << 16];
            while (closed.getCount() > 0) {
                exchange.getResponseBody().write(junk);
            }
            return;
        }
        int from = 0;
        int to = content.length;
        boolean whole = true;
        if (range != null && !(fault instanceof Fault.IgnoreRange)) {
            whole = false;
            String[] ends = range.substring("bytes=".length()).split("-", 2);
            from = Integer.parseInt(ends[0]);
            to = Math.min(content.length, Integer.parseInt(ends[1]) + 1);
            if (from >= content.length) {
                exchange.sendResponseHeaders(416, -1);
                return;
            }
            int shift = fault instanceof Fault.WrongRange ? 1 : 0;
            long total = fault instanceof Fault.WrongTotal wrong ? wrong.total() : content.length;
            exchange.getResponseHeaders()
                    .add("Content-Range", "bytes " + (from + shift) + "-" + (to - 1 + shift) + "/" + total);
        }
        exchange.sendResponseHeaders(whole ? 200 : 206, to - from);
        write(exchange.getResponseBody(), content, from, to, fault);
    }

    private void write(OutputStream out, byte[] content, int from, int to, Fault fault)
            throws IOException, InterruptedException {
        int end = switch (fault) {
            case Fault.CutAfter(int bytes) -> Math.min(to, from + bytes);
            case Fault.StallAfter(int bytes) -> Math.min(to, from + bytes);
            default -> to;
        };
        boolean wrong = fault instanceof Fault.WrongBytes;
        byte[] zeros = new byte[1 << 16];
        for (int at = from; at < end; at += 1 << 16) {
            int length = Math.min(1 << 16, end - at);
            out.write(wrong ? zeros : content, wrong ? 0 : at, length);
            if (pauseMillis > 0) {
                out.flush();
                Thread.sleep(pauseMillis);
            }
        }
        out.flush();
        if (fault instanceof Fault.StallAfter) {
            closed.await(60, TimeUnit.SECONDS);
        }
    }
}
