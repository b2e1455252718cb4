package org.llmspell.local.ollama;

import java.net.URI;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.json.JsonText;
import org.llmspell.local.net.ServiceErrors;

/** Turns what goes wrong with a server into errors that keep its words and say what to do. */
final class OllamaErrors implements ServiceErrors {
    private static final String DEFAULT_URL = "http://localhost:11434";

    static final OllamaErrors ERRORS = new OllamaErrors();

    private OllamaErrors() {}

    @Override
    public LocalModelException unreachable(URI address, Throwable cause) {
        return new LocalModelException(
                Kind.BACKEND_UNAVAILABLE,
                "Failed to connect to Ollama server",
                address + ": " + ServiceErrors.reason(cause),
                List.of(
                        "Ensure Ollama is running: `ollama serve`",
                        "Check URL in config: `url = \"" + DEFAULT_URL + "\"`",
                        "Verify Ollama installed: `ollama --version`"),
                cause);
    }

    @Override
    public LocalModelException status(URI address, int status, String body, @Nullable String model) {
        String words = words(body);
        String said = words == null ? "HTTP " + status : words;
        if (status == 404 && model != null) {
            return new LocalModelException(
                    Kind.MODEL_NOT_FOUND,
                    words == null ? "model '" + model + "' not found" : words,
                    "Asked of Ollama at " + address,
                    List.of(
                            "Pull it: `llmspell model pull " + model + "@ollama`",
                            "See what is there: `llmspell model list --backend ollama`"),
                    null);
        }
        if (status == 503) {
            return failure(said, address, "Wait for its other requests, or raise OLLAMA_MAX_QUEUE on the server");
        }
        if (status == 401 || status == 403) {
            return failure(
                    said, address, "Check that this client may use the server (OLLAMA_ORIGINS, a proxy's login)");
        }
        if (words == null) {
            return protocol(address, "it answered HTTP " + status + " where an Ollama reply was expected");
        }
        return failure(said, address);
    }

    /** The server said in a stream that it failed. */
    LocalModelException failure(String words, URI address, String... solutions) {
        return new LocalModelException(
                Kind.BACKEND_UNAVAILABLE, words, "Said by Ollama at " + address, List.of(solutions), null);
    }

    @Override
    public LocalModelException protocol(URI address, String what) {
        return new LocalModelException(
                Kind.BACKEND_UNAVAILABLE,
                "Unexpected answer from the Ollama server",
                address + ": " + what,
                List.of(
                        "Check that Ollama itself, and not another program or a proxy, answers there: `curl " + address
                                + "/api/version`",
                        "Update Ollama"),
                null);
    }

    @Override
    public LocalModelException stalled(URI address, long seconds) {
        return new LocalModelException(
                Kind.BACKEND_UNAVAILABLE,
                "The Ollama server has sent nothing for " + seconds + " seconds",
                address + ": the connection was closed",
                List.of(
                        "See what it is doing: `ollama ps`, and the server's log",
                        "Allow more: `idle_timeout` in [providers.ollama.options]"),
                null);
    }

    @Override
    public LocalModelException cancelled() {
        return new LocalModelException(Kind.CANCELLED, "The request to Ollama was cancelled");
    }

    /** The text of {@code {"error": …}}, null if the body is something else. */
    static @Nullable String words(String body) {
        try {
            return JsonText.parse(body) instanceof Map<?, ?> map
                            && map.get("error") instanceof String words
                            && !words.isBlank()
                    ? words.strip()
                    : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
