package org.llmspell.lua.vm;

import org.jspecify.annotations.Nullable;

/** Lua cannot run on this machine as it is set up; the message says what to change. */
public final class LuaUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LuaUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
