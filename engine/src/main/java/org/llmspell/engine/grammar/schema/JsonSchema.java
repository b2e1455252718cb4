package org.llmspell.engine.grammar.schema;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.grammar.Expr;
import org.llmspell.engine.grammar.Grammar;

/**
 * Grammars of JSON texts: of any object, or of those that a JSON Schema (draft 2020-12, the part that {@code
 * docs/structured-output.md} lists) allows. All that such a grammar accepts is valid under the schema; of the ways to write a
 * valid value it accepts those with properties in the order of the schema, and numbers and strings in their usual form.
 */
public final class JsonSchema {
    private JsonSchema() {}

    /** Any JSON object, as Ollama's {@code format = "json"} has it. */
    public static Grammar anyObject() {
        Rules rules = new Rules();
        String root = rules.fresh(Grammar.ROOT);
        rules.define(root, new JsonForms(rules).object());
        return Grammar.of(rules.all());
    }

    /**
     * The values that {@code schema} allows.
     *
     * @param schema a {@link Map} with the schema's keywords in their order, or a {@link Boolean}; values as a JSON parser gives
     *     them: maps, lists, strings, numbers, booleans and null
     * @throws EngineException of kind {@code INVALID_OPTION} with the place of a keyword that is not supported or wrong
     */
    public static Grammar of(@Nullable Object schema) {
        SchemaCheck.check(schema);
        Rules rules = new Rules();
        String root = rules.fresh(Grammar.ROOT);
        Expr body = new SchemaRules(schema, rules).of(schema, "#");
        rules.define(root, body);
        return Grammar.of(rules.all());
    }
}
