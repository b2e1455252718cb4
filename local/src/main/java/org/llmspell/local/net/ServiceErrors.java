package org.llmspell.local.net;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;

/** What goes wrong with a service, in words that name it, keep what it said, and tell what to do. Immutable. */
public interface ServiceErrors {
    /** It cannot be reached, or went away. */
    LocalModelException unreachable(URI address, Throwable cause);

    /**
     * It answered with an error status.
     *
     * @param model that was asked about; null for none
     */
    LocalModelException status(URI address, int status, String body, @Nullable String model);

    /** What answers is another program, or a broken one. */
    LocalModelException protocol(URI address, String what);

    /** It has sent nothing for so long. */
    LocalModelException stalled(URI address, long seconds);

    /** Whoever asked does not want the answer any more. */
    LocalModelException cancelled();

    /** Why a connection failed, in a few words. */
    static String reason(Throwable cause) {
        for (Throwable t = cause; t != null; t = t.getCause()) {
            if (t instanceof UnresolvedAddressException || t instanceof UnknownHostException) {
                return "the host name is unknown";
            }
        }
        return switch (cause) {
            case HttpConnectTimeoutException ignored -> "no connection in time";
            case HttpTimeoutException ignored -> "no answer in time";
            case ConnectException ignored -> "connection refused";
            case IOException io when io.getMessage() != null -> io.getMessage();
            default -> cause.getClass().getSimpleName();
        };
    }
}
