package org.llmspell.engine.template.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Value;

/** The variables of one block; those of the blocks around it are seen through it, and shadowed by its own. */
final class Scope {
    private final @Nullable Scope outer;
    private final Symbols symbols;
    private @Nullable Map<String, Value> variables;

    Scope(@Nullable Scope outer, Symbols symbols) {
        this.outer = outer;
        this.symbols = symbols;
    }

    Symbols symbols() {
        return symbols;
    }

    /** Whether a block around this one names the variable. */
    boolean isNamedOutside(String name) {
        for (Scope scope = outer; scope != null; scope = scope.outer) {
            if (scope.symbols.named().contains(name)) {
                return true;
            }
        }
        return false;
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
