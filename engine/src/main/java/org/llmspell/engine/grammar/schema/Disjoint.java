package org.llmspell.engine.grammar.schema;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Tells schemas apart that no value satisfies together, as the alternatives of {@code oneOf} must be: by type, by the values of
 * {@code const} and {@code enum}, or by a property that both require and that tells them apart. Says no where it is not sure.
 */
final class Disjoint {
    private static final int DEEPEST = 4;

    private final Function<Object, List<Map<String, @Nullable Object>>> flatten;

    /** @param flatten gives the flat schemas, any of which satisfies a schema */
    Disjoint(Function<Object, List<Map<String, @Nullable Object>>> flatten) {
        this.flatten = flatten;
    }

    boolean areDisjoint(@Nullable Object x, @Nullable Object y) {
        return disjoint(x, y, 0);
    }

    private boolean disjoint(@Nullable Object x, @Nullable Object y, int depth) {
        if (depth > DEEPEST || x == null || y == null) {
            return false;
        }
        for (Map<String, @Nullable Object> a : flatten.apply(x)) {
            for (Map<String, @Nullable Object> b : flatten.apply(y)) {
                if (!flatDisjoint(a, b, depth)) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean flatDisjoint(Map<String, @Nullable Object> a, Map<String, @Nullable Object> b, int depth) {
        List<String> types = SchemaRules.typesOf(a);
        List<String> others = SchemaRules.typesOf(b);
        boolean numbers =
                types.stream().anyMatch(Disjoint::isNumber) && others.stream().anyMatch(Disjoint::isNumber);
        boolean common = numbers || types.stream().anyMatch(others::contains);
        if (!common) {
            return true;
        }
        if (a.containsKey("enum") && b.containsKey("enum")) {
            return SchemaRules.list(a.get("enum")).stream()
                    .noneMatch(value ->
                            SchemaRules.list(b.get("enum")).stream().anyMatch(other -> JsonForms.equal(value, other)));
        }
        boolean objects = types.equals(List.of("object")) || others.equals(List.of("object"));
        if (!objects) {
            return false;
        }
        Map<?, ?> mine = SchemaRules.map(a.get("properties"));
        Map<?, ?> theirs = SchemaRules.map(b.get("properties"));
        for (Object name : SchemaRules.list(a.get("required"))) {
            if (SchemaRules.list(b.get("required")).contains(name)
                    && disjoint(mine.get(name), theirs.get(name), depth + 1)) {
                return true;
            }
        }
        return excludes(a, b) || excludes(b, a);
    }

    /** Whether {@code a} requires a property that {@code b} forbids. */
    private static boolean excludes(Map<String, @Nullable Object> a, Map<String, @Nullable Object> b) {
        return Boolean.FALSE.equals(b.get("additionalProperties"))
                && SchemaRules.list(a.get("required")).stream()
                        .anyMatch(name -> !SchemaRules.map(b.get("properties")).containsKey(name));
    }

    private static boolean isNumber(String type) {
        return type.equals("number") || type.equals("integer");
    }
}
