package org.llmspell.server.http;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which handler answers which method and path. Filled before the server listens, then read only. */
public final class Routes {
    /** Answers one request on a virtual thread of its own, which is interrupted when the client goes away. */
    @FunctionalInterface
    public interface Handler {
        void handle(Exchange exchange) throws IOException, InterruptedException;
    }

    /**
     * One line of the table.
     *
     * @param path as registered, for metrics: never what a client made up
     * @param upload the body is read by the handler as it comes, whatever its size
     */
    record Route(String path, boolean upload, Handler handler) {}

    private final Map<String, Map<String, Route>> byPath = new LinkedHashMap<>();
    private final Map<String, Map<String, Route>> byPrefix = new LinkedHashMap<>();

    /** Adds a handler; a path that ends in {@code /*} stands for all that follows the slash, at least a character. */
    public Routes on(String method, String path, Handler handler) {
        return add(method, new Route(path, false, handler));
    }

    /** Adds a handler that reads {@link Exchange#upload}. */
    public Routes onUpload(String method, String path, Handler handler) {
        return add(method, new Route(path, true, handler));
    }

    private Routes add(String method, Route route) {
        String path = route.path();
        if (path.endsWith("/*")) {
            byPrefix.computeIfAbsent(path.substring(0, path.length() - 1), p -> new LinkedHashMap<>())
                    .put(method, route);
        } else {
            byPath.computeIfAbsent(path, p -> new LinkedHashMap<>()).put(method, route);
        }
        return this;
    }

    /** The methods of {@code path}; null where there is no such path. */
    private @Nullable Map<String, Route> at(String path) {
        Map<String, Route> exact = byPath.get(path);
        if (exact != null) {
            return exact;
        }
        for (Map.Entry<String, Map<String, Route>> entry : byPrefix.entrySet()) {
            if (path.startsWith(entry.getKey())
                    && path.length() > entry.getKey().length()) {
                return entry.getValue();
            }
        }
        return null;
    }

    /**
     * The route of a request.
     *
     * @throws HttpFailure 404 for an unknown path, 405 for another method
     */
    Route find(String method, String path) {
        Map<String, Route> methods = at(path);
        if (methods == null) {
            throw new HttpFailure(404, "404 page not found");
        }
        Route route = methods.get(method);
        if (route == null && method.equals("HEAD")) {
            route = methods.get("GET");
        }
        if (route == null) {
            throw new HttpFailure(
                    405, "method not allowed; this path takes " + String.join(", ", new TreeSet<>(methods.keySet())));
        }
        return route;
    }
}
