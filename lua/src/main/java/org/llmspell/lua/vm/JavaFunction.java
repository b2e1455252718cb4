package org.llmspell.lua.vm;

/** A function that Lua can call. */
@FunctionalInterface
public interface JavaFunction {
    /**
     * Takes its arguments from {@code stack} and pushes its results there.
     *
     * @return how many results it has pushed
     */
    int call(LuaStack stack) throws Exception;
}
