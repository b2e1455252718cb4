package org.llmspell.engine.grammar.schema;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.llmspell.engine.grammar.Expr;

/** Collects the rules of a grammar under names of their own. Not thread-safe. */
final class Rules {
    private final Map<String, Expr> rules = new LinkedHashMap<>();

    /** The rule {@code name}, made by {@code body} if it is not there; the body may already use it. */
    Expr once(String name, Supplier<Expr> body) {
        if (!rules.containsKey(name)) {
            rules.put(name, Expr.NOTHING);
            rules.put(name, body.get());
        }
        return new Expr.Rule(name);
    }

    /** A name that no rule has, like {@code wanted}. */
    String fresh(String wanted) {
        String name = wanted;
        for (int i = 2; rules.containsKey(name); i++) {
            name = wanted + "-" + i;
        }
        rules.put(name, Expr.NOTHING);
        return name;
    }

    /** Gives a rule of {@link #fresh} its body. */
    Expr define(String name, Expr body) {
        rules.put(name, body);
        return new Expr.Rule(name);
    }

    Map<String, Expr> all() {
        return rules;
    }
}
