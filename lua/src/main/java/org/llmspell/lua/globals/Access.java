package org.llmspell.lua.globals;

import org.llmspell.local.ModelSpec;
import org.llmspell.lua.vm.LuaFault;

/**
 * What a script may do with models.
 *
 * @param files it may name models by path, fetch and delete them
 * @param agents the most it may hold at once
 */
public record Access(boolean files, int agents) {
    void checkModel(ModelSpec model) {
        if (!files && model.isPath()) {
            throw new LuaFault("a model file by its path is not available in the sandbox");
        }
    }

    void checkChange(String function) {
        if (!files) {
            throw new LuaFault(function + " is not available in the sandbox");
        }
    }

    void admitAgent(int held) {
        if (held >= agents) {
            throw new LuaFault("too many agents: at most " + agents + " at once; close those no longer needed");
        }
    }
}
