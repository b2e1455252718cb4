package org.llmspell.local.openai;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.json.JsonText;
import org.llmspell.local.net.ReplyLines;

/** A reply of server-sent events: the object of each, up to {@code [DONE]}. As {@link ReplyLines} otherwise. */
final class OpenAiEvents implements AutoCloseable {
    private static final String DATA = "data:";
    private static final String DONE = "[DONE]";

    private final Endpoints.Endpoint endpoint;
    private final OpenAiErrors errors;
    private final ReplyLines lines;

    OpenAiEvents(Endpoints.Endpoint endpoint, OpenAiErrors errors, ReplyLines lines) {
        this.endpoint = endpoint;
        this.errors = errors;
        this.lines = lines;
    }

    /**
     * Waits for the next object; null at the end of the reply.
     *
     * @throws LocalModelException as {@link ReplyLines#next}, and if the server says that it failed or sends no events
     */
    @Nullable
    Map<String, @Nullable Object> next() {
        for (String line = lines.next(); line != null; line = lines.next()) {
            if (!line.startsWith(DATA)) {
                // An event's name, a comment to keep the connection open, the empty line behind an event; or no stream
                // at all.
                if (line.startsWith("{") || line.startsWith("<")) {
                    throw lines.closing(failure(line));
                }
                continue;
            }
            String data = line.substring(DATA.length()).strip();
            if (data.equals(DONE)) {
                return null;
            }
            Map<String, @Nullable Object> object;
            try {
                object = JsonText.parseObject(data);
            } catch (IllegalArgumentException e) {
                throw lines.closing(errors.protocol(endpoint.address(), "its JSON is malformed: " + e.getMessage()));
            }
            if (object.get("error") != null) {
                throw lines.closing(failure(data));
            }
            return object;
        }
        return null;
    }

    private LocalModelException failure(String body) {
        String words = OpenAiErrors.words(body);
        return words == null
                ? errors.protocol(endpoint.address(), "it sent something other than a stream of events")
                : errors.failure(words, endpoint.address(), "See the server's log");
    }

    /** {@link ReplyLines#brokenOff}. */
    LocalModelException brokenOff() {
        return lines.brokenOff();
    }

    @Override
    public void close() {
        lines.close();
    }
}
