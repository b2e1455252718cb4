package org.llmspell.engine.grammar.schema;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.grammar.GrammarErrors;

/**
 * Makes one schema of two that must both hold, keyword by keyword. Both are flat: without {@code $ref}, {@code allOf}, {@code
 * anyOf}, {@code oneOf} and {@code const} of their own; what is below a property or an item is left as an {@code allOf}.
 */
final class SchemaMerge {
    private final Map<String, @Nullable Object> a;
    private final Map<String, @Nullable Object> b;
    private final Map<String, @Nullable Object> merged = new LinkedHashMap<>();
    private final String path;

    private SchemaMerge(Map<String, @Nullable Object> a, Map<String, @Nullable Object> b, String path) {
        this.a = a;
        this.b = b;
        this.path = path;
    }

    /**
     * Both schemas in one; null if nothing satisfies both.
     *
     * @param path of the schema they belong to, for messages
     */
    static @Nullable Map<String, @Nullable Object> both(
            Map<String, @Nullable Object> a, Map<String, @Nullable Object> b, String path) {
        if (a.isEmpty() || b.isEmpty()) {
            return a.isEmpty() ? b : a;
        }
        return new SchemaMerge(a, b, path).run();
    }

    private @Nullable Map<String, @Nullable Object> run() {
        Set<String> keywords = new LinkedHashSet<>(a.keySet());
        keywords.addAll(b.keySet());
        keywords.removeAll(Set.of("properties", "additionalProperties", "required", "prefixItems", "items"));
        for (String keyword : keywords) {
            if (!a.containsKey(keyword) || !b.containsKey(keyword)) {
                merged.put(keyword, a.containsKey(keyword) ? a.get(keyword) : b.get(keyword));
            } else if (!conjoin(keyword, a.get(keyword), b.get(keyword))) {
                return null;
            }
        }
        objects();
        items();
        return merged;
    }

    private boolean conjoin(String keyword, @Nullable Object x, @Nullable Object y) {
        switch (keyword) {
            case "type" -> {
                List<String> common = commonTypes(SchemaRules.types(x), SchemaRules.types(y));
                merged.put(keyword, common);
                return !common.isEmpty();
            }
            case "enum" -> {
                List<@Nullable Object> common = new ArrayList<>();
                for (Object value : SchemaRules.list(x)) {
                    if (SchemaRules.list(y).stream().anyMatch(other -> JsonForms.equal(value, other))) {
                        common.add(value);
                    }
                }
                merged.put(keyword, common);
                return !common.isEmpty();
            }
            case "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties" ->
                merged.put(keyword, compare(x, y) >= 0 ? x : y);
            case "maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties" ->
                merged.put(keyword, compare(x, y) <= 0 ? x : y);
            default -> {
                if (!JsonForms.equal(x, y)) {
                    throw unmergeable(keyword);
                }
                merged.put(keyword, x);
            }
        }
        return true;
    }

    private static int compare(@Nullable Object x, @Nullable Object y) {
        return x instanceof Number a && y instanceof Number b
                ? JsonForms.decimal(a).compareTo(JsonForms.decimal(b))
                : 0;
    }

    private static List<String> commonTypes(List<String> x, List<String> y) {
        Set<String> common = new LinkedHashSet<>();
        for (String type : x) {
            if (y.contains(type)) {
                common.add(type);
            } else if ((type.equals("integer") && y.contains("number"))
                    || (type.equals("number") && y.contains("integer"))) {
                common.add("integer");
            }
        }
        return List.copyOf(common);
    }

    private void objects() {
        Map<?, ?> mine = SchemaRules.map(a.get("properties"));
        Map<?, ?> theirs = SchemaRules.map(b.get("properties"));
        Map<String, Object> properties = new LinkedHashMap<>();
        mine.forEach((name, schema) ->
                properties.put((String) name, and(schema, theirs.containsKey(name) ? theirs.get(name) : rest(b))));
        theirs.forEach((name, schema) -> {
            if (!mine.containsKey(name)) {
                properties.put((String) name, and(schema, rest(a)));
            }
        });
        if (a.containsKey("properties") || b.containsKey("properties")) {
            merged.put("properties", properties);
        }
        if (a.containsKey("additionalProperties") || b.containsKey("additionalProperties")) {
            merged.put("additionalProperties", and(rest(a), rest(b)));
        }
        Set<Object> required = new LinkedHashSet<>(SchemaRules.list(a.get("required")));
        required.addAll(SchemaRules.list(b.get("required")));
        if (!required.isEmpty()) {
            merged.put("required", List.copyOf(required));
        }
    }

    private static Object rest(Map<String, @Nullable Object> schema) {
        Object rest = schema.get("additionalProperties");
        return rest == null ? true : rest;
    }

    private void items() {
        List<?> mine = SchemaRules.list(a.get("prefixItems"));
        List<?> theirs = SchemaRules.list(b.get("prefixItems"));
        Object myRest = a.getOrDefault("items", true);
        Object theirRest = b.getOrDefault("items", true);
        List<Object> prefix = new ArrayList<>();
        for (int i = 0; i < Math.max(mine.size(), theirs.size()); i++) {
            prefix.add(and(i < mine.size() ? mine.get(i) : myRest, i < theirs.size() ? theirs.get(i) : theirRest));
        }
        if (!prefix.isEmpty()) {
            merged.put("prefixItems", prefix);
        }
        if (a.containsKey("items") || b.containsKey("items")) {
            merged.put("items", and(myRest, theirRest));
        }
    }

    /** A schema for what satisfies both; worked out when it is needed, since schemas may contain themselves. */
    static Object and(@Nullable Object x, @Nullable Object y) {
        if (Boolean.FALSE.equals(x) || Boolean.FALSE.equals(y)) {
            return false;
        }
        if (x == null || Boolean.TRUE.equals(x) || x.equals(y)) {
            return y == null ? true : y;
        }
        if (y == null || Boolean.TRUE.equals(y)) {
            return x;
        }
        Set<Object> parts = new LinkedHashSet<>();
        for (Object part : new Object[] {x, y}) {
            boolean conjunction = part instanceof Map<?, ?> map && map.keySet().equals(Set.of("allOf"));
            parts.addAll(conjunction ? SchemaRules.list(((Map<?, ?>) part).get("allOf")) : List.of(part));
        }
        return Map.of("allOf", List.copyOf(parts));
    }

    private EngineException unmergeable(String keyword) {
        return GrammarErrors.invalid("The JSON Schema's " + path + " combines two different values of " + keyword
                + ", which is not supported; write one");
    }
}
