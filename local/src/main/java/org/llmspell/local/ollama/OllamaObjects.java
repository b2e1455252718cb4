package org.llmspell.local.ollama;

import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.json.JsonText;
import org.llmspell.local.net.ReplyLines;

/** A streamed answer: one JSON object a line, of which one with {@code error} says that it failed. As {@link ReplyLines} otherwise. */
final class OllamaObjects implements AutoCloseable {
    private final URI address;
    private final ReplyLines lines;

    OllamaObjects(URI address, ReplyLines lines) {
        this.address = address;
        this.lines = lines;
    }

    /**
     * Waits for the next object; null at the end of the answer.
     *
     * @throws LocalModelException as {@link ReplyLines#next}, and if the server says that it failed or is no Ollama
     */
    @Nullable
    Map<String, @Nullable Object> next() {
        String line = lines.next();
        while (line != null && line.isBlank()) {
            line = lines.next();
        }
        if (line == null) {
            return null;
        }
        Map<String, @Nullable Object> object;
        try {
            object = JsonText.parseObject(line);
        } catch (IllegalArgumentException e) {
            throw lines.closing(OllamaErrors.ERRORS.protocol(address, "its JSON is malformed: " + e.getMessage()));
        }
        if (object.get("error") instanceof String words) {
            throw lines.closing(OllamaErrors.ERRORS.failure(words.strip(), address));
        }
        return object;
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
