package org.llmspell.local.openai;

import java.net.URI;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.json.JsonFields;
import org.llmspell.local.json.JsonText;
import org.llmspell.local.net.ServiceErrors;

/** Turns what goes wrong with the servers of one provider into errors that keep their words and say what to do. */
final class OpenAiErrors implements ServiceErrors {
    /** Longer texts than any honest error, such as a proxy's page. */
    private static final int MOST_WORDS = 500;

    private final String provider;

    /** Marks, as its cause, the failure of a server that works: it refused a key, or has no room for another request now. */
    private static final class Refusal extends Exception {
        private static final long serialVersionUID = 1L;

        private Refusal(int status) {
            super("HTTP " + status);
        }
    }

    OpenAiErrors(String provider) {
        this.provider = provider;
    }

    @Override
    public LocalModelException unreachable(URI address, Throwable cause) {
        return new LocalModelException(
                Kind.BACKEND_UNAVAILABLE,
                "Failed to connect to the servers of " + provider,
                address + ": " + ServiceErrors.reason(cause),
                List.of(
                        "Ensure that a server runs there: `curl " + address + "/models`",
                        "Check the configuration: `urls` in [providers." + provider + ".options]"),
                cause);
    }

    @Override
    public LocalModelException status(URI address, int status, String body, @Nullable String model) {
        String words = words(body);
        String said = words == null ? "HTTP " + status : words;
        return switch (status) {
            case 400, 413, 422 ->
                new LocalModelException(
                        isAboutContext(said) ? Kind.CONTEXT_EXCEEDED : Kind.INVALID_REQUEST,
                        said,
                        "Said by " + provider + " at " + address,
                        isAboutContext(said)
                                ? List.of("Shorten the conversation, or ask for fewer tokens (max_tokens)")
                                : List.of("If it refuses an option that only some servers know: `extensions = false` in"
                                        + " [providers." + provider + ".options]"),
                        null);
            case 401, 403 ->
                refusal(
                        status,
                        said,
                        address,
                        "Give its key: `api_key` in [providers." + provider + ".options], or "
                                + "the environment variable that `llmspell config --keys` names for it");
            case 404 -> missing(address, said, model);
            case 429, 503 -> refusal(status, said, address, "Wait for its other requests, or add a server to `urls`");
            default ->
                words == null
                        ? protocol(address, "it answered HTTP " + status)
                        : failure(said, address, "See the server's log");
        };
    }

    private LocalModelException missing(URI address, String said, @Nullable String model) {
        return model == null
                ? protocol(address, "it has no such route; a URL usually ends in /v1")
                : new LocalModelException(
                        Kind.MODEL_NOT_FOUND,
                        said.startsWith("HTTP ") ? "model '" + model + "' not found" : said,
                        "Asked of " + provider + " at " + address,
                        List.of(
                                "See what is there: `llmspell model list --backend " + provider + "`",
                                "Give a name of your own to one of its models: [providers." + provider
                                        + ".options.models]"),
                        null);
    }

    /** Engines agree on no code for it, only on the words. */
    private static boolean isAboutContext(String said) {
        String lower = said.toLowerCase(java.util.Locale.ROOT);
        return lower.contains("context length") || lower.contains("context size") || lower.contains("context_length");
    }

    /** It said, perhaps in a stream, that it failed. */
    LocalModelException failure(String words, URI address, String solution) {
        return said(words, address, solution, null);
    }

    private LocalModelException refusal(int status, String words, URI address, String solution) {
        return said(words, address, solution, new Refusal(status));
    }

    private LocalModelException said(String words, URI address, String solution, @Nullable Refusal refusal) {
        return new LocalModelException(
                Kind.BACKEND_UNAVAILABLE, words, "Said by " + provider + " at " + address, List.of(solution), refusal);
    }

    /** Whether it is the server that does not work, and neither the request, nor the key, nor its being busy. */
    static boolean isBroken(LocalModelException failure) {
        return failure.kind() == Kind.BACKEND_UNAVAILABLE && !(failure.getCause() instanceof Refusal);
    }

    /** Whether a server is broken because there is no connection to it; others answer, but not as they should. */
    static boolean isUnreachable(LocalModelException failure) {
        return isBroken(failure) && failure.getCause() != null;
    }

    /** Whether another server might do what this one did not. */
    static boolean anotherMight(LocalModelException failure) {
        return failure.kind() == Kind.BACKEND_UNAVAILABLE || failure.kind() == Kind.MODEL_NOT_FOUND;
    }

    @Override
    public LocalModelException protocol(URI address, String what) {
        return new LocalModelException(
                Kind.BACKEND_UNAVAILABLE,
                "Unexpected answer from a server of " + provider,
                address + ": " + what,
                List.of("Check that a server of the OpenAI interface answers there: `curl " + address + "/models`"),
                null);
    }

    @Override
    public LocalModelException stalled(URI address, long seconds) {
        return new LocalModelException(
                Kind.BACKEND_UNAVAILABLE,
                "A server of " + provider + " has sent nothing for " + seconds + " seconds",
                address + ": the connection was closed",
                List.of("See the server's log", "Allow more: `idle_timeout` in [providers." + provider + ".options]"),
                null);
    }

    @Override
    public LocalModelException cancelled() {
        return new LocalModelException(Kind.CANCELLED, "The request to " + provider + " was cancelled");
    }

    LocalModelException unsupported(String what, String... solutions) {
        return new LocalModelException(Kind.UNSUPPORTED, what, solutions);
    }

    /** What an error says in any of the forms in use: {@code error.message}, {@code error}, {@code message}, {@code detail}. */
    static @Nullable String words(String body) {
        try {
            return JsonText.parse(body) instanceof Map<?, ?> map ? words(map) : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** {@link #words(String)} of a parsed answer. */
    static @Nullable String words(Map<?, ?> answer) {
        String words = JsonFields.string(JsonFields.object(answer, "error"), "message");
        for (String key : List.of("error", "message", "detail")) {
            words = words == null ? JsonFields.string(answer, key) : words;
        }
        if (words == null || words.isBlank()) {
            return null;
        }
        String line = words.strip();
        return line.length() > MOST_WORDS ? line.substring(0, MOST_WORDS) + "…" : line;
    }
}
