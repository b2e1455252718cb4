package org.llmspell.local.download;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A download failed; the message is one line for people. */
public final class TransferException extends IOException {
    private static final long serialVersionUID = 1L;

    /** What that means for trying again. */
    public enum Cause {
        /** Trying again may help: a broken connection, a busy server. */
        TRANSIENT,
        /** The server refuses without credentials, or for these. */
        UNAUTHORIZED,
        /** There is no such file. */
        NOT_FOUND,
        /** The server contradicts itself or what was promised. */
        DISHONEST,
        /** The disk is full or not writable. */
        DISK,
        /** Someone asked to stop. */
        CANCELLED,
        /** Anything else that trying again will not mend. */
        REFUSED
    }

    private final Cause reason;
    private final transient @Nullable Duration retryAfter;

    public TransferException(Cause reason, String message) {
        this(reason, message, null, null);
    }

    public TransferException(Cause reason, String message, @Nullable Duration retryAfter, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
        this.retryAfter = retryAfter;
    }

    public Cause reason() {
        return reason;
    }

    /** How long the server asked to wait, if it did. */
    public @Nullable Duration retryAfter() {
        return retryAfter;
    }
}
