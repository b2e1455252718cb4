package org.llmspell.lua.vm;

/** Why a script must not go on, in a way that it cannot catch. */
public enum StopReason {
    /** It called {@code os.exit}. */
    EXIT,
    /** Somebody stopped it. */
    INTERRUPT,
    /** It ran longer than it may. */
    INSTRUCTION_LIMIT
}
