package org.llmspell.server.http;

import org.jspecify.annotations.Nullable;

/** A request that is answered by an error; the message is one line for the client, and tells nothing of files. */
public final class HttpFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final @Nullable String code;
    private final @Nullable String parameter;

    /**
     * @param status 400 to 599
     * @param code a word for programs, such as {@code model_not_found}; null for none
     * @param parameter the field of the request that is wrong; null for none
     */
    public HttpFailure(
            int status, String message, @Nullable String code, @Nullable String parameter, @Nullable Throwable cause) {
        super(message, cause);
        this.status = status;
        this.code = code;
        this.parameter = parameter;
    }

    public HttpFailure(int status, String message) {
        this(status, message, null, null, null);
    }

    /** 400 for a field. */
    public static HttpFailure wrong(String parameter, String message) {
        return new HttpFailure(400, message, null, parameter, null);
    }

    /** The queue is full: in Ollama's words, two spaces included. */
    public static HttpFailure busy() {
        return new HttpFailure(
                503, "server busy, please try again.  maximum pending requests exceeded", "server_busy", null, null);
    }

    /** The server is being stopped. */
    public static HttpFailure stopping() {
        return new HttpFailure(503, "the server is shutting down", "server_stopping", null, null);
    }

    public int status() {
        return status;
    }

    public @Nullable String code() {
        return code;
    }

    public @Nullable String parameter() {
        return parameter;
    }

    /** The message, never null. */
    public String text() {
        return String.valueOf(getMessage());
    }
}
