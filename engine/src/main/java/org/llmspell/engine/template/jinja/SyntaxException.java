package org.llmspell.engine.template.jinja;

/** Template source that does not parse. Carries no stack trace. */
public final class SyntaxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int line;

    SyntaxException(String message, int line) {
        super(message, null, false, false);
        this.line = line;
    }

    /** 1-based. */
    public int line() {
        return line;
    }
}
