package org.llmspell.cli.console;

/** Whoever read standard output has gone, as {@code head} does after its lines: no error, but nothing is left to do. */
public final class BrokenPipeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BrokenPipeException(Throwable cause) {
        super("standard output was closed", cause);
    }
}
