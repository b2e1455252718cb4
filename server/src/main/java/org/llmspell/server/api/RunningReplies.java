package org.llmspell.server.api;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.ChatStream;
import org.llmspell.server.http.Exchange;

/** The replies under way, for those who watch the server: which model, how far, how fast, and nothing of what is said. Thread-safe. */
public final class RunningReplies {
    private final ConcurrentSkipListMap<Long, Reply> replies = new ConcurrentSkipListMap<>();
    private final AtomicLong last = new AtomicLong();

    private enum State {
        /** For a place. */
        WAITING,
        /** The prompt, and before it the model's file. */
        READING,
        WRITING
    }

    /** One reply from its request to its end, when it is closed. Its methods are called by the thread that makes it. */
    final class Reply implements AutoCloseable {
        private final long id = last.incrementAndGet();
        private final String model;
        private final String backend;
        private final long askedAt = System.nanoTime();
        private volatile State state = State.WAITING;
        private volatile @Nullable ChatStream stream;
        private volatile long firstAt;

        private Reply(Catalog.Target target) {
            this.model = target.name();
            this.backend = target.backend().name();
        }

        /** It has a place. */
        void entered() {
            state = State.READING;
        }

        /** It is being made. */
        void started(ChatStream made) {
            stream = made;
        }

        /** Some of it has come. */
        void progressed() {
            if (state != State.WRITING) {
                firstAt = System.nanoTime();
                state = State.WRITING;
            }
        }

        @Override
        public void close() {
            replies.remove(id);
        }

        private int tokens() {
            ChatStream made = stream;
            return made == null ? 0 : made.generatedTokens();
        }

        private double tokensPerSecond(int tokens) {
            double seconds = (System.nanoTime() - firstAt) / 1e9;
            return state != State.WRITING || tokens < 2 || seconds <= 0 ? 0 : (tokens - 1) / seconds;
        }
    }

    /** A reply that is asked for. */
    Reply asked(Catalog.Target target) {
        Reply reply = new Reply(target);
        replies.put(reply.id, reply);
        return reply;
    }

    /** {@code GET /api/running}: the replies, oldest first, and their tokens a second together. */
    public void list(Exchange exchange) {
        List<Map<String, Object>> requests = new ArrayList<>();
        double together = 0;
        for (Reply reply : replies.values()) {
            int tokens = reply.tokens();
            double speed = reply.tokensPerSecond(tokens);
            together += speed;
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("id", reply.id);
            line.put("model", reply.model);
            line.put("backend", reply.backend);
            line.put("state", reply.state.name().toLowerCase(Locale.ROOT));
            line.put("seconds", (System.nanoTime() - reply.askedAt) / 1e9);
            line.put("tokens", tokens);
            line.put("tokens_per_second", speed);
            requests.add(line);
        }
        exchange.json(200, Map.of("requests", requests, "tokens_per_second", together));
    }
}
