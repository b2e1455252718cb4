package org.llmspell.lua.vm;

/** What a Java function says to the script that called it wrongly; becomes a Lua error with the caller's line. */
public final class LuaFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public LuaFault(String message) {
        super(message);
    }
}
