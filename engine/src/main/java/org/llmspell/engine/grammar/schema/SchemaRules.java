package org.llmspell.engine.grammar.schema;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.grammar.Expr;
import org.llmspell.engine.grammar.GrammarErrors;

/**
 * Turns a checked JSON Schema into rules. A schema is first made flat: a list of alternatives without {@code $ref}, {@code
 * allOf}, {@code anyOf} and {@code oneOf}, of which any may hold; each of them then becomes one rule per type that it allows.
 * Equal schemas share a rule, which is also what makes recursion end.
 */
final class SchemaRules {
    private static final int MOST_ALTERNATIVES = 500;
    private static final int DEEPEST = 64;

    private static final Set<String> OBJECT =
            Set.of("properties", "required", "additionalProperties", "minProperties", "maxProperties");
    private static final Set<String> ARRAY = Set.of("items", "prefixItems", "minItems", "maxItems");
    private static final Set<String> STRING = Set.of("minLength", "maxLength", "pattern", "format");
    private static final Set<String> NUMBER = Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum");
    private static final List<String> ALL_TYPES = List.of("object", "array", "string", "number", "boolean", "null");

    private final @Nullable Object root;
    private final Rules rules;
    private final JsonForms json;
    private final ContainerRules containers;
    private final Map<Map<String, @Nullable Object>, Expr> known = new HashMap<>();

    SchemaRules(@Nullable Object root, Rules rules) {
        this.root = root;
        this.rules = rules;
        this.json = new JsonForms(rules);
        this.containers = new ContainerRules(this, rules, json);
    }

    /** What {@code schema}, found at {@code path}, allows. */
    Expr of(@Nullable Object schema, String path) {
        if (!(schema instanceof Map<?, ?>)) {
            return Boolean.FALSE.equals(schema) ? Expr.NOTHING : json.value();
        }
        Map<String, @Nullable Object> core = core(schema);
        if (core.isEmpty()) {
            return json.value();
        }
        Expr same = known.get(core);
        if (same != null) {
            return same;
        }
        String name = rules.fresh(path);
        known.put(core, new Expr.Rule(name));
        return rules.define(name, body(core, path));
    }

    private Expr body(Map<String, @Nullable Object> core, String path) {
        if (core.size() == 1 && core.get("$ref") instanceof String reference) {
            return of(Pointers.resolve(root, reference, path), reference);
        }
        if (core.size() == 1 && core.containsKey("anyOf")) {
            List<Expr> alternatives = new ArrayList<>();
            List<?> schemas = list(core.get("anyOf"));
            for (int i = 0; i < schemas.size(); i++) {
                alternatives.add(of(schemas.get(i), path + "/anyOf/" + i));
            }
            return new Expr.Choice(alternatives);
        }
        List<Expr> alternatives = new ArrayList<>();
        for (Map<String, @Nullable Object> flat : flatten(core, path, 0)) {
            alternatives.add(typed(flat, path));
        }
        return new Expr.Choice(alternatives);
    }

    /** The keywords that say something about values. */
    private static Map<String, @Nullable Object> core(Object schema) {
        Map<String, @Nullable Object> core = new LinkedHashMap<>();
        map(schema).forEach((key, value) -> {
            String keyword = (String) key;
            if (!SchemaCheck.ANNOTATIONS.contains(keyword)
                    && !keyword.startsWith("x-")
                    && !keyword.equals("uniqueItems")) {
                core.put(keyword, value);
            }
        });
        return core;
    }

    /** The flat schemas, any of which satisfies {@code schema}. */
    private List<Map<String, @Nullable Object>> flatten(@Nullable Object schema, String path, int depth) {
        if (depth > DEEPEST) {
            throw GrammarErrors.invalid("The JSON Schema's " + path + " refers to itself without end");
        }
        if (!(schema instanceof Map<?, ?>)) {
            return Boolean.FALSE.equals(schema) ? List.of() : List.of(Map.of());
        }
        Map<String, @Nullable Object> own = core(schema);
        Object reference = own.remove("$ref");
        List<?> all = list(own.remove("allOf"));
        List<?> any = list(own.remove("anyOf"));
        List<?> one = list(own.remove("oneOf"));
        if (own.containsKey("const")) {
            List<@Nullable Object> only = new ArrayList<>();
            only.add(own.remove("const"));
            Object values = own.put("enum", only);
            if (values != null) {
                Map<String, @Nullable Object> given = new HashMap<>();
                given.put("enum", values);
                own = SchemaMerge.both(own, given, path);
            }
        }
        List<Map<String, @Nullable Object>> flat = own == null ? List.of() : List.of(own);
        if (reference instanceof String text) {
            flat = product(flat, flatten(Pointers.resolve(root, text, path), path, depth + 1), path);
        }
        for (Object part : all) {
            flat = product(flat, flatten(part, path, depth + 1), path);
        }
        if (!any.isEmpty()) {
            flat = product(flat, union(any, path, depth + 1), path);
        }
        if (!one.isEmpty()) {
            requireDisjoint(one, path, depth + 1);
            flat = product(flat, union(one, path, depth + 1), path);
        }
        return flat;
    }

    private List<Map<String, @Nullable Object>> union(List<?> schemas, String path, int depth) {
        List<Map<String, @Nullable Object>> union = new ArrayList<>();
        for (Object schema : schemas) {
            union.addAll(flatten(schema, path, depth));
            bound(union.size(), path);
        }
        return union;
    }

    private static List<Map<String, @Nullable Object>> product(
            List<Map<String, @Nullable Object>> xs, List<Map<String, @Nullable Object>> ys, String path) {
        bound((long) xs.size() * ys.size(), path);
        List<Map<String, @Nullable Object>> product = new ArrayList<>();
        for (Map<String, @Nullable Object> x : xs) {
            for (Map<String, @Nullable Object> y : ys) {
                Map<String, @Nullable Object> both = SchemaMerge.both(x, y, path);
                if (both != null) {
                    product.add(both);
                }
            }
        }
        return product;
    }

    private static void bound(long alternatives, String path) {
        if (alternatives > MOST_ALTERNATIVES) {
            throw GrammarErrors.invalid(
                    "The JSON Schema's " + path + " combines more than " + MOST_ALTERNATIVES + " alternatives");
        }
    }

    private void requireDisjoint(List<?> schemas, String path, int depth) {
        Disjoint disjoint = new Disjoint(schema -> flatten(schema, path, depth));
        for (int i = 0; i < schemas.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (!disjoint.areDisjoint(schemas.get(i), schemas.get(j))) {
                    throw GrammarErrors.invalid("The JSON Schema's " + path + "/oneOf cannot be used: its schemas " + j
                            + " and " + i + " may hold together; tell them apart by type or by a required property with"
                            + " different const values, or use anyOf");
                }
            }
        }
    }

    private Expr typed(Map<String, @Nullable Object> flat, String path) {
        List<String> types = typesOf(flat);
        if (flat.containsKey("enum")) {
            return values(flat, path, types);
        }
        List<Expr> alternatives = new ArrayList<>();
        for (String type : types) {
            alternatives.add(ofType(type, flat, path));
        }
        return new Expr.Choice(alternatives);
    }

    private Expr values(Map<String, @Nullable Object> flat, String path, List<String> types) {
        for (String keyword : flat.keySet()) {
            if (!keyword.equals("enum") && !keyword.equals("type")) {
                throw together(path, "enum or const", keyword, "leave out the values that " + keyword + " forbids");
            }
        }
        List<Expr> values = new ArrayList<>();
        for (Object value : list(flat.get("enum"))) {
            if (types.stream().anyMatch(type -> isOfType(value, type))) {
                values.add(json.exactly(value));
            }
        }
        return new Expr.Choice(values);
    }

    private static boolean isOfType(@Nullable Object value, String type) {
        return switch (value) {
            case null -> type.equals("null");
            case Boolean truth -> type.equals("boolean");
            case Number number ->
                type.equals("number")
                        || (type.equals("integer")
                                && JsonForms.decimal(number)
                                                .stripTrailingZeros()
                                                .scale()
                                        <= 0);
            case String text -> type.equals("string");
            case Map<?, ?> map -> type.equals("object");
            case List<?> list -> type.equals("array");
            default -> false;
        };
    }

    private Expr ofType(String type, Map<String, @Nullable Object> flat, String path) {
        return switch (type) {
            case "null" -> Expr.literal("null");
            case "boolean" -> json.truth();
            case "string" -> string(flat, path);
            case "integer", "number" -> number(flat, type.equals("integer"));
            case "array" -> containers.array(flat, path);
            default -> containers.object(flat, path);
        };
    }

    private Expr string(Map<String, @Nullable Object> flat, String path) {
        boolean measured = flat.containsKey("minLength") || flat.containsKey("maxLength");
        if (flat.get("pattern") instanceof String pattern) {
            if (measured || flat.containsKey("format")) {
                throw together(path, "pattern", measured ? "a length" : "format", "say it all in the pattern");
            }
            return JsonForms.string(RegexParser.parse(pattern, Pointers.below(path, "pattern")));
        }
        if (flat.get("format") instanceof String format) {
            if (measured) {
                throw together(path, "format", "a length", "leave the length out");
            }
            Expr known = StringFormats.string(format, Pointers.below(path, "format"));
            return known == null ? Expr.NOTHING : known;
        }
        if (!measured) {
            return json.string();
        }
        int min = whole(flat, "minLength", 0);
        int max = whole(flat, "maxLength", Expr.Repeat.UNBOUNDED);
        return max != Expr.Repeat.UNBOUNDED && max < min
                ? Expr.NOTHING
                : JsonForms.string(Expr.repeat(json.character(), min, max));
    }

    private Expr number(Map<String, @Nullable Object> flat, boolean integer) {
        if (flat.keySet().stream().noneMatch(NUMBER::contains)) {
            return integer ? json.whole() : json.number();
        }
        BigDecimal min = bound(flat, "minimum");
        BigDecimal over = bound(flat, "exclusiveMinimum");
        BigDecimal max = bound(flat, "maximum");
        BigDecimal under = bound(flat, "exclusiveMaximum");
        boolean excludesMin = over != null && (min == null || over.compareTo(min) >= 0);
        boolean excludesMax = under != null && (max == null || under.compareTo(max) <= 0);
        NumberRange range =
                new NumberRange(excludesMin ? over : min, excludesMin, excludesMax ? under : max, excludesMax);
        return integer ? range.integers() : range.decimals();
    }

    private static @Nullable BigDecimal bound(Map<String, @Nullable Object> flat, String keyword) {
        return flat.get(keyword) instanceof Number number ? JsonForms.decimal(number) : null;
    }

    /** The number of a keyword that counts, or {@code otherwise}. */
    static int whole(Map<String, @Nullable Object> flat, String keyword, int otherwise) {
        return flat.get(keyword) instanceof Number number ? number.intValue() : otherwise;
    }

    /** Two keywords that are supported alone but not together. */
    static EngineException together(String path, String one, String other, String instead) {
        return GrammarErrors.invalid("The JSON Schema's " + path + " has " + one + " and " + other
                + ", which are not supported together; " + instead);
    }

    /** The types of a flat schema: those it names, else those that its keywords are about, else all. */
    static List<String> typesOf(Map<String, @Nullable Object> flat) {
        if (flat.containsKey("type")) {
            return types(flat.get("type"));
        }
        if (flat.containsKey("enum")) {
            return ALL_TYPES;
        }
        Set<String> about = new LinkedHashSet<>();
        for (String keyword : flat.keySet()) {
            if (OBJECT.contains(keyword)) {
                about.add("object");
            } else if (ARRAY.contains(keyword)) {
                about.add("array");
            } else if (STRING.contains(keyword)) {
                about.add("string");
            } else if (NUMBER.contains(keyword)) {
                about.add("number");
            }
        }
        return about.isEmpty() ? ALL_TYPES : List.copyOf(about);
    }

    /** The value of {@code type} as a list; integers beside numbers are left out, being numbers. */
    static List<String> types(@Nullable Object value) {
        Set<String> types = new LinkedHashSet<>();
        for (Object type : value instanceof String ? List.of(value) : list(value)) {
            types.add(String.valueOf(type));
        }
        if (types.contains("number")) {
            types.remove("integer");
        }
        return List.copyOf(types);
    }

    static Map<?, ?> map(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? map : Map.of();
    }

    static List<?> list(@Nullable Object value) {
        return value instanceof List<?> list ? list : List.of();
    }
}
