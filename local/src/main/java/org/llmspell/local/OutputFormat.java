package org.llmspell.local;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What form a reply must have. Immutable. */
public sealed interface OutputFormat {
    /** Any JSON object. */
    record Json() implements OutputFormat {}

    /**
     * A JSON value that a JSON Schema allows.
     *
     * @param keywords of the schema, in their order; values are maps, lists, strings, numbers, booleans and null
     */
    record Schema(Map<String, @Nullable Object> keywords) implements OutputFormat {}

    /** A text of a grammar in llama.cpp's notation GBNF. */
    record Gbnf(String grammar) implements OutputFormat {}
}
