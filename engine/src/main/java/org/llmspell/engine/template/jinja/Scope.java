package org.llmspell.engine.template.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Value;

/** The variables of one block; those of the blocks around it are seen through it, and shadowed by its own. */
final class Scope {
    private final @Nullable Scope outer;
    private @Nullable Map<String, Value> variables;

    Scope(@Nullable Scope outer) {
        this.outer = outer;
    }

    /** The scope of the whole template. */
    Scope root() {
        Scope scope = this;
        while (scope.outer != null) {
            scope = scope.outer;
        }
        return scope;
    }

    void set(String name, Value value) {
        if (variables == null) {
            variables = new HashMap<>();
        }
        variables.put(name, value);
    }

    @Nullable
    Value find(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            if (scope.variables != null) {
                Value value = scope.variables.get(name);
                if (value != null) {
                    return value;
                }
            }
        }
        return null;
    }
}
