package org.llmspell.engine;

import java.util.List;

/**
 * A model could not be loaded or run. The message is one line that names what happened; {@link #advice} says what a
 * person can do about it.
 */
public final class EngineException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What went wrong, for callers that treat kinds differently. */
    public enum Problem {
        /** The file is no GGUF, is damaged, or contradicts itself. */
        BROKEN_MODEL,
        /** A sound file whose architecture, tokenizer or block format the engine does not have. */
        UNSUPPORTED_MODEL,
        /** The prompt does not fit the context, or generation would have to pass its end. */
        CONTEXT_EXCEEDED,
        /** The memory for activations or context is not there. */
        OUT_OF_MEMORY,
        /** The chat template is broken, refused the conversation, or ran past its limits. */
        TEMPLATE_FAILED,
        /** An option is out of range. */
        INVALID_OPTION
    }

    private final Problem problem;
    private final transient List<String> advice;

    public EngineException(Problem problem, String message, List<String> advice) {
        super(message);
        this.problem = problem;
        this.advice = List.copyOf(advice);
    }

    public Problem problem() {
        return problem;
    }

    /** What to try, most promising first; may be empty. */
    public List<String> advice() {
        return advice;
    }
}
