package org.llmspell.local.json;

/** A text is not the JSON that it should be; the message is one line and says where. */
public final class JsonException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public JsonException(String message) {
        super(message);
    }
}
