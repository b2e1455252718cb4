package org.llmspell.local;

import org.jspecify.annotations.Nullable;

/**
 * A reply as it is made. One thread reads; {@link #close} may be called from any thread at any time, ends the work behind
 * it at once and frees what it holds.
 */
public interface ChatStream extends AutoCloseable {
    /**
     * Waits for more of the reply; null at its end. Text is whole UTF-8 characters.
     *
     * @throws LocalModelException if the reply failed
     */
    @Nullable
    ChatChunk next();

    /** Tokens generated so far; any thread may ask. A server that counts them only at the end is counted by its pieces until then. */
    int generatedTokens();

    /**
     * What the finished reply cost and why it ended.
     *
     * @throws IllegalStateException before {@link #next} has returned null
     */
    ChatResult result();

    @Override
    void close();
}
