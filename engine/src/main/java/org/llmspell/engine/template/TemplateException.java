package org.llmspell.engine.template;

import java.util.List;
import org.llmspell.engine.EngineException;

/** A chat template that is broken, refused the conversation, or ran past its limits. The message is one line. */
public final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private static final int LONGEST_REASON = 500;

    /** What went wrong, for callers that treat kinds differently. */
    public enum Kind {
        /** The template does not parse. */
        SYNTAX,
        /** The template raised an exception of its own, as many do for conversations they do not take. */
        REFUSED,
        /** The template did something that has no result, such as adding a text and nothing. */
        FAILED,
        /** The template passed a bound on time or memory. */
        LIMIT
    }

    private final Kind kind;
    private final String reason;
    private final int line;

    TemplateException(Kind kind, String reason, int line) {
        super(message(kind, reason, line), null, false, false);
        this.kind = kind;
        this.reason = reason;
        this.line = line;
    }

    private static String message(Kind kind, String reason, int line) {
        String shown = reason.strip().replaceAll("\\s+", " ");
        if (shown.length() > LONGEST_REASON) {
            shown = shown.substring(0, LONGEST_REASON) + "…";
        }
        switch (kind) {
            case REFUSED:
                return "the model's chat template refused the conversation: " + shown;
            case SYNTAX:
                return "the model's chat template cannot be read: line " + line + ": " + shown;
            default:
                return "the model's chat template failed at line " + line + ": " + shown;
        }
    }

    public Kind kind() {
        return kind;
    }

    /** What happened, without where; for {@link Kind#REFUSED} the template's own words as they are. */
    public String reason() {
        return reason;
    }

    /** The line of the template, from 1. */
    public int line() {
        return line;
    }

    /** The same as the engine's exception, with advice. */
    public EngineException toEngineException() {
        List<String> advice = kind == Kind.REFUSED
                ? List.of("change the messages as it asks", "use raw = true to give the model the text as it is")
                : List.of("use raw = true to give the model the text as it is");
        return new EngineException(EngineException.Problem.TEMPLATE_FAILED, String.valueOf(getMessage()), advice);
    }
}
