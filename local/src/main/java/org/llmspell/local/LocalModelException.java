package org.llmspell.local;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one failure that local models know. Every face (command, Lua, HTTP) shows the same: {@link #getMessage} is the first
 * line, {@link #detail} what was tried or found, {@link #solutions} what to do.
 */
public final class LocalModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The closed set of things that go wrong. */
    public enum Kind {
        /** A malformed model specification, an unknown backend, a bad option. */
        INVALID_REQUEST,
        /** The configuration file is unreadable, malformed or has a wrong value. */
        CONFIGURATION,
        /** No such model on that backend. */
        MODEL_NOT_FOUND,
        /** The model's file is damaged or of a kind that the engine does not run. */
        MODEL_UNUSABLE,
        /** The prompt does not fit the model's context. */
        CONTEXT_EXCEEDED,
        /** Not enough memory. */
        OUT_OF_MEMORY,
        /** The backend's server cannot be reached or answered nonsense. */
        BACKEND_UNAVAILABLE,
        /** A download or import did not finish. */
        TRANSFER_FAILED,
        /** The model directory cannot be read or written. */
        STORE,
        /** The backend cannot do what was asked. */
        UNSUPPORTED,
        /** Whoever asked went away. */
        CANCELLED
    }

    private final Kind kind;
    private final @Nullable String detail;
    private final transient List<String> solutions;

    public LocalModelException(
            Kind kind, String message, @Nullable String detail, List<String> solutions, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.detail = detail;
        this.solutions = List.copyOf(solutions);
    }

    public LocalModelException(Kind kind, String message, String... solutions) {
        this(kind, message, null, List.of(solutions), null);
    }

    public Kind kind() {
        return kind;
    }

    /** What was tried or found, if the message does not say it all. */
    public @Nullable String detail() {
        return detail;
    }

    /** What to do about it, most promising first; may be empty. */
    public List<String> solutions() {
        return solutions;
    }

    /** The whole text that a person sees: the message, the detail, then the numbered solutions; no trailing newline. */
    public String render() {
        StringBuilder text = new StringBuilder(String.valueOf(getMessage()));
        if (detail != null) {
            text.append('\n').append(detail);
        }
        if (!solutions.isEmpty()) {
            text.append("\n\nSolutions:");
            for (int i = 0; i < solutions.size(); i++) {
                text.append('\n').append(i + 1).append(". ").append(solutions.get(i));
            }
        }
        return text.toString();
    }
}
