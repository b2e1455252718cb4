package org.llmspell.engine.grammar;

import java.util.LinkedHashMap;
import java.util.Map;
import org.llmspell.engine.EngineException;

/**
 * Which texts a model may write: rules of a context-free grammar over Unicode characters, of which {@link #ROOT} stands for
 * the whole reply. Every rule that is named exists, none is left-recursive, and the root matches something. Immutable and
 * thread-safe.
 */
public final class Grammar {
    /** The rule that stands for the whole text. */
    public static final String ROOT = "root";

    private final Map<String, Expr> rules;

    private Grammar(Map<String, Expr> rules) {
        this.rules = new LinkedHashMap<>(rules);
    }

    /**
     * A grammar in llama.cpp's notation GBNF.
     *
     * @throws EngineException of kind {@code INVALID_OPTION} with line and column, or the name of the rule that is at fault
     */
    public static Grammar gbnf(String text) {
        return of(GbnfParser.parse(text));
    }

    /**
     * The grammar of these rules, which name each other.
     *
     * @throws EngineException of kind {@code INVALID_OPTION} if a rule is missing or left-recursive, or the root can match
     *     nothing
     */
    public static Grammar of(Map<String, Expr> rules) {
        RuleChecks.check(rules);
        return new Grammar(rules);
    }

    /** What the rule {@code name}, which exists, stands for. */
    Expr rule(String name) {
        Expr body = rules.get(name);
        if (body == null) {
            throw new IllegalArgumentException("no rule " + name);
        }
        return body;
    }

    /** The rules by name, in their order. A copy. */
    public Map<String, Expr> rules() {
        return new LinkedHashMap<>(rules);
    }
}
