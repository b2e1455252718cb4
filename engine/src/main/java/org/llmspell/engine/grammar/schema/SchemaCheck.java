package org.llmspell.engine.grammar.schema;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.grammar.GrammarErrors;

/**
 * Looks through a whole JSON Schema before anything is made of it, and refuses keywords that are not supported, unknown or of
 * the wrong form, with their place. What only describes is let through.
 */
final class SchemaCheck {
    static final Set<String> TYPES = Set.of("null", "boolean", "integer", "number", "string", "array", "object");

    /** Keywords that say something to people and nothing about values. */
    static final Set<String> ANNOTATIONS = Set.of(
            "title",
            "description",
            "default",
            "examples",
            "example",
            "$schema",
            "$id",
            "id",
            "$comment",
            "deprecated",
            "readOnly",
            "writeOnly",
            "contentEncoding",
            "contentMediaType",
            "$defs",
            "definitions");

    private static final Map<String, String> INSTEAD = Map.of(
            "additionalItems", "; use prefixItems and items",
            "nullable", "; use \"type\": [\"…\", \"null\"]");

    private static final Set<String> UNSUPPORTED = Set.of(
            "not",
            "if",
            "then",
            "else",
            "dependentSchemas",
            "dependentRequired",
            "dependencies",
            "patternProperties",
            "propertyNames",
            "unevaluatedProperties",
            "unevaluatedItems",
            "contains",
            "minContains",
            "maxContains",
            "multipleOf",
            "additionalItems",
            "$anchor",
            "$dynamicRef",
            "$dynamicAnchor",
            "$recursiveRef",
            "$recursiveAnchor",
            "$vocabulary",
            "contentSchema",
            "nullable",
            "discriminator");

    private static final int DEEPEST = 64;
    private static final int MOST = 20_000;

    private int schemas;

    private SchemaCheck() {}

    /** @throws EngineException of kind {@code INVALID_OPTION} naming the place and what is wrong with it */
    static void check(@Nullable Object schema) {
        new SchemaCheck().schema(schema, "#", 0);
    }

    private void schema(@Nullable Object schema, String path, int depth) {
        if (depth > DEEPEST || ++schemas > MOST) {
            throw GrammarErrors.invalid("The JSON Schema is too large at " + path + ": at most " + MOST
                    + " schemas, nested " + DEEPEST + " deep, are supported");
        }
        if (schema instanceof Boolean) {
            return;
        }
        if (!(schema instanceof Map<?, ?> map)) {
            throw wrong(path, "an object, true or false");
        }
        map.forEach(
                (key, value) -> keyword(String.valueOf(key), value, Pointers.below(path, String.valueOf(key)), depth));
    }

    private void keyword(String keyword, @Nullable Object value, String path, int depth) {
        switch (keyword) {
            case "properties", "$defs", "definitions" -> {
                if (!(value instanceof Map<?, ?> map)) {
                    throw wrong(path, "an object");
                }
                map.forEach((name, inner) -> schema(inner, Pointers.below(path, String.valueOf(name)), depth + 1));
            }
            case "additionalProperties" -> schema(value, path, depth + 1);
            case "items" -> {
                if (value instanceof List<?>) {
                    throw GrammarErrors.invalid(
                            "The JSON Schema's " + path + " is a list, which is not supported; use prefixItems");
                }
                schema(value, path, depth + 1);
            }
            case "prefixItems", "anyOf", "oneOf", "allOf" -> {
                List<?> list = list(value, path);
                for (int i = 0; i < list.size(); i++) {
                    schema(list.get(i), path + "/" + i, depth + 1);
                }
            }
            case "type" -> {
                Collection<?> types = value instanceof String ? List.of(value) : list(value, path);
                if (!types.stream().allMatch(type -> type instanceof String name && TYPES.contains(name))) {
                    throw wrong(
                            path,
                            "one of "
                                    + String.join(", ", TYPES.stream().sorted().toList()) + ", or a list of them");
                }
            }
            case "enum" -> list(value, path).forEach(inner -> plain(inner, path, depth + 1));
            case "const" -> plain(value, path, depth + 1);
            case "required" -> {
                boolean none = value instanceof Map<?, ?> map && map.isEmpty();
                if (!none && !(value instanceof List<?> list && list.stream().allMatch(String.class::isInstance))) {
                    throw wrong(path, "a list of strings");
                }
            }
            case "$ref", "pattern" -> {
                if (!(value instanceof String)) {
                    throw wrong(path, "a string");
                }
            }
            case "format" -> {
                if (!(value instanceof String format)) {
                    throw wrong(path, "a string");
                }
                if (!StringFormats.PATTERNS.containsKey(format)) {
                    throw GrammarErrors.invalid("The JSON Schema's " + path + " is " + GrammarErrors.quote(format)
                            + ", which is not supported; supported are "
                            + String.join(
                                    ", ",
                                    StringFormats.PATTERNS.keySet().stream()
                                            .sorted()
                                            .toList()));
                }
            }
            case "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties" -> {
                if (!(value instanceof Number number)
                        || number.doubleValue() < 0
                        || number.doubleValue() != Math.rint(number.doubleValue())
                        || number.doubleValue() > Integer.MAX_VALUE) {
                    throw wrong(path, "a whole number from 0 to " + Integer.MAX_VALUE);
                }
            }
            case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum" -> {
                if (!(value instanceof Number number) || !(Math.abs(number.doubleValue()) < 1e40)) {
                    throw wrong(path, "a number below 1e40");
                }
            }
            case "uniqueItems" -> {
                if (!Boolean.FALSE.equals(value)) {
                    throw unsupported(keyword, path);
                }
            }
            default -> {
                if (UNSUPPORTED.contains(keyword)) {
                    throw unsupported(keyword, path);
                }
                if (!ANNOTATIONS.contains(keyword) && !keyword.startsWith("x-")) {
                    throw GrammarErrors.invalid("The JSON Schema's " + path + " is no keyword of JSON Schema");
                }
            }
        }
    }

    /** A value that is to be written: as schemas are, nested so deep and no deeper. */
    private static void plain(@Nullable Object value, String path, int depth) {
        if (depth > DEEPEST) {
            throw GrammarErrors.invalid("The JSON Schema's " + path + " is nested more than " + DEEPEST + " deep");
        }
        switch (value) {
            case Map<?, ?> map -> map.values().forEach(inner -> plain(inner, path, depth + 1));
            case List<?> list -> list.forEach(inner -> plain(inner, path, depth + 1));
            case null, default -> {}
        }
    }

    private static List<?> list(@Nullable Object value, String path) {
        if (value instanceof List<?> list && !list.isEmpty()) {
            return list;
        }
        throw wrong(path, "a list that is not empty");
    }

    private static EngineException wrong(String path, String expected) {
        return GrammarErrors.invalid("The JSON Schema's " + path + " must be " + expected);
    }

    private static EngineException unsupported(String keyword, String path) {
        return GrammarErrors.invalid("The JSON Schema's " + path + " uses a keyword that is not supported"
                + INSTEAD.getOrDefault(keyword, ""));
    }
}
