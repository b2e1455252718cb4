package org.llmspell.engine.template.jinja;

import java.util.List;

/** Statements with a scope of their own. */
record Body(List<Stmt> statements, Symbols symbols) {
    static Body of(List<String> parameters, List<Stmt> statements) {
        return new Body(statements, Symbols.of(parameters, List.of(), statements));
    }
}
