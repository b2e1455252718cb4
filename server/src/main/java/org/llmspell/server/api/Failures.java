package org.llmspell.server.api;

import org.llmspell.engine.EngineException;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.Quoted;
import org.llmspell.server.http.HttpFailure;

/** What an exception means to a client: a status, and one line of words. */
public final class Failures {
    private Failures() {}

    public static HttpFailure of(Throwable e) {
        return switch (e) {
            case HttpFailure failure -> failure;
            case LocalModelException failure -> of(failure);
            case InterruptedException interrupted ->
                new HttpFailure(503, "the request was cancelled", null, null, interrupted);
            case OutOfMemoryError memory ->
                new HttpFailure(503, "the server has no memory for this request", "out_of_memory", null, memory);
            default -> new HttpFailure(500, "internal server error", null, null, e);
        };
    }

    private static HttpFailure of(LocalModelException e) {
        String said = String.valueOf(e.getMessage());
        String words = e.detail() == null ? said : said + ": " + e.detail();
        String line = Quoted.plain(words.replaceAll("\\s+", " ").strip());
        boolean template = e.getCause() instanceof EngineException cause
                && cause.problem() == EngineException.Problem.TEMPLATE_FAILED;
        return switch (e.kind()) {
            case INVALID_REQUEST, UNSUPPORTED -> new HttpFailure(400, line, null, null, e);
            case CONTEXT_EXCEEDED -> new HttpFailure(400, line, "context_length_exceeded", "messages", e);
            case MODEL_NOT_FOUND -> new HttpFailure(404, line, "model_not_found", "model", e);
            // A template that refuses a conversation says what is wrong with the conversation.
            case MODEL_UNUSABLE -> new HttpFailure(template ? 400 : 500, line, null, null, e);
            case BACKEND_UNAVAILABLE, CANCELLED -> new HttpFailure(503, line, null, null, e);
            case OUT_OF_MEMORY, CONFIGURATION, TRANSFER_FAILED, STORE -> new HttpFailure(500, line, null, null, e);
        };
    }
}
