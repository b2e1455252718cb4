package org.llmspell.engine;

import java.util.Locale;

/** Why a generation ended. */
public enum FinishReason {
    /** The model ended its turn, or a stop string appeared. */
    STOP,
    /** {@code max_tokens} were generated, or the context is full. */
    LENGTH,
    /** Whoever asked went away. */
    CANCELLED;

    /** The name on every interface: {@code stop}, {@code length}, {@code cancelled}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }
}
