package org.llmspell.server.http;

/** The client has closed its connection, or reads nothing any more: there is nobody to answer. */
public final class ClientGoneException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ClientGoneException(String message) {
        super(message, null, false, false);
    }
}
