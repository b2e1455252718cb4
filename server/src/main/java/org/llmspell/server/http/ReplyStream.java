package org.llmspell.server.http;

import io.vertx.core.Future;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.json.JsonText;

/**
 * A reply of many pieces, as lines of JSON or as server-sent events. A piece waits until the one before it has left for the
 * client. Every method throws {@link ClientGoneException}.
 */
public final class ReplyStream {
    /** The content type of JSON lines. */
    public static final String LINES = "application/x-ndjson";
    /** The content type of server-sent events. */
    public static final String EVENTS = "text/event-stream; charset=utf-8";

    private final Exchange exchange;
    private Future<Void> last = Future.succeededFuture();

    ReplyStream(Exchange exchange) {
        this.exchange = exchange;
    }

    /** Sends {@code value} as a line. */
    public void line(@Nullable Object value) {
        raw((JsonText.compact(value) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Sends {@code value} as an event without a name. */
    public void event(@Nullable Object value) {
        raw(("data: " + JsonText.compact(value) + "\n\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Sends {@code value} as an event of that name. */
    public void event(String name, @Nullable Object value) {
        raw(("event: " + name + "\ndata: " + JsonText.compact(value) + "\n\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Sends the event that ends OpenAI's streams. */
    public void done() {
        raw("data: [DONE]\n\n".getBytes(StandardCharsets.UTF_8));
    }

    void raw(byte[] bytes) {
        exchange.write(last, bytes, this);
    }

    void sent(Future<Void> piece) {
        last = piece;
    }

    Future<Void> end(HttpServerResponse response) {
        return response.end();
    }
}
