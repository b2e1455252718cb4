package org.llmspell.server.http;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The connections there are: at most so many, and none that asks nothing for too long, be it that it sends its headers a byte
 * at a time. Thread-safe.
 */
final class Connections {
    private static final int MOST = 4096;

    private static final class State {
        private final AtomicInteger requests = new AtomicInteger();
        private volatile long idleSince = System.nanoTime();
    }

    private final Map<HttpConnection, State> states = new ConcurrentHashMap<>();

    Connections(Vertx vertx, Duration longest) {
        long check = Math.clamp(longest.toMillis() / 4, 50, 5000);
        vertx.setPeriodic(check, id -> closeIdle(longest.toNanos()));
    }

    /** A connection was made. */
    void opened(HttpConnection connection) {
        if (states.size() >= MOST) {
            connection.close();
            return;
        }
        states.put(connection, new State());
        connection.closeHandler(nothing -> states.remove(connection));
    }

    /** A request's head has come. */
    void busy(HttpConnection connection) {
        State state = states.get(connection);
        if (state != null) {
            state.requests.incrementAndGet();
        }
    }

    /** A request was answered. */
    void idle(HttpConnection connection) {
        State state = states.get(connection);
        if (state != null) {
            state.idleSince = System.nanoTime();
            state.requests.decrementAndGet();
        }
    }

    private void closeIdle(long nanos) {
        long now = System.nanoTime();
        for (Map.Entry<HttpConnection, State> entry : new ArrayList<>(states.entrySet())) {
            State state = entry.getValue();
            if (state.requests.get() <= 0 && now - state.idleSince > nanos) {
                entry.getKey().close();
            }
        }
    }
}
