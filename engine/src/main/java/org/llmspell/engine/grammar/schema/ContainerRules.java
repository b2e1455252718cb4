package org.llmspell.engine.grammar.schema;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.grammar.CharSet;
import org.llmspell.engine.grammar.Expr;
import org.llmspell.engine.grammar.GrammarErrors;

/**
 * The rules of objects and arrays. Properties come in the order in which the schema declares them; then, where they are
 * allowed, others, whose names are none of the declared ones.
 */
final class ContainerRules {
    private static final int LONGEST_NAME = 200;

    private final SchemaRules schemas;
    private final Rules rules;
    private final JsonForms json;

    ContainerRules(SchemaRules schemas, Rules rules, JsonForms json) {
        this.schemas = schemas;
        this.rules = rules;
        this.json = json;
    }

    Expr object(Map<String, @Nullable Object> flat, String path) {
        Map<String, Object> properties = new LinkedHashMap<>();
        SchemaRules.map(flat.get("properties")).forEach((name, schema) -> properties.put((String) name, schema));
        Set<String> required = new LinkedHashSet<>();
        SchemaRules.list(flat.get("required")).forEach(name -> required.add((String) name));
        boolean said = flat.containsKey("additionalProperties");
        Object others = said ? flat.get("additionalProperties") : properties.isEmpty() && required.isEmpty();
        // What must be there and is nowhere described may be anything that additional properties may be.
        required.forEach(name -> properties.putIfAbsent(name, said && others != null ? others : true));
        boolean open = !Boolean.FALSE.equals(others);
        int min = SchemaRules.whole(flat, "minProperties", 0);
        int max = SchemaRules.whole(flat, "maxProperties", Expr.Repeat.UNBOUNDED);
        String below = Pointers.below(path, "additionalProperties");
        if (properties.isEmpty()) {
            if (!open) {
                return min > 0 ? Expr.NOTHING : json.object(Expr.EMPTY);
            }
            if (max != Expr.Repeat.UNBOUNDED && max < min) {
                return Expr.NOTHING;
            }
            return json.object(json.members(json.string(), schemas.of(others, below), min, max));
        }
        boolean enough = min <= required.size();
        boolean notTooMany = max == Expr.Repeat.UNBOUNDED || (!open && max >= properties.size());
        if (!enough || !notTooMany) {
            throw SchemaRules.together(
                    path, "properties", enough ? "maxProperties" : "minProperties", "say it with required");
        }
        List<Part> parts = new ArrayList<>();
        properties.forEach((name, schema) -> {
            Expr value = schemas.of(schema, Pointers.below(path + "/properties", name));
            Expr member = json.member(Expr.literal(JsonForms.quoted(name)), value);
            parts.add(new Part(member, required.contains(name)));
        });
        Expr more = Expr.EMPTY;
        Expr onlyMore = Expr.EMPTY;
        if (open) {
            Expr other = json.member(otherName(properties.keySet(), path), schemas.of(others, below));
            more = Expr.any(Expr.sequence(json.comma(), other));
            onlyMore = Expr.optional(json.listed(other, 1, Expr.Repeat.UNBOUNDED));
        }
        return json.object(inOrder(parts, onlyMore, more, path));
    }

    Expr array(Map<String, @Nullable Object> flat, String path) {
        List<?> prefix = SchemaRules.list(flat.get("prefixItems"));
        Object others = flat.getOrDefault("items", true);
        int min = SchemaRules.whole(flat, "minItems", 0);
        int max = SchemaRules.whole(flat, "maxItems", Expr.Repeat.UNBOUNDED);
        if (max != Expr.Repeat.UNBOUNDED && max < min) {
            return Expr.NOTHING;
        }
        int described = max == Expr.Repeat.UNBOUNDED ? prefix.size() : Math.min(max, prefix.size());
        boolean full = max != Expr.Repeat.UNBOUNDED && max <= prefix.size();
        int atLeast = Math.max(0, min - described);
        int atMost = max == Expr.Repeat.UNBOUNDED ? max : max - described;
        Expr other = full ? Expr.NOTHING : schemas.of(others, Pointers.below(path, "items"));
        if (described == 0) {
            return json.array(full ? Expr.EMPTY : json.listed(other, min, max));
        }
        // An element may only be left out together with all after it.
        Expr rest = full ? Expr.EMPTY : Expr.repeat(Expr.sequence(json.comma(), other), atLeast, atMost);
        for (int i = described - 1; i >= 0; i--) {
            Expr element = schemas.of(prefix.get(i), path + "/prefixItems/" + i);
            Expr all = Expr.sequence(i == 0 ? Expr.EMPTY : json.comma(), element, rest);
            rest = rules.define(rules.fresh(path + "-from-" + i), i < min ? all : Expr.optional(all));
        }
        return json.array(rest);
    }

    /** A member of an object, and whether it must be there. */
    private record Part(Expr member, boolean required) {}

    /**
     * The members with commas between them, in their order.
     *
     * @param only what may follow if none of the members is there
     * @param more what may follow if one is
     */
    private Expr inOrder(List<Part> parts, Expr only, Expr more, String path) {
        Expr first = only; // from here on, if no member came before
        Expr later = more; // from here on, if one did
        for (int i = parts.size() - 1; i >= 0; i--) {
            Part part = parts.get(i);
            Expr begun = Expr.sequence(part.member, later);
            Expr continued = Expr.sequence(json.comma(), part.member, later);
            first = rules.define(rules.fresh(path + "-first-" + i), part.required ? begun : Expr.choice(begun, first));
            later = rules.define(
                    rules.fresh(path + "-then-" + i), part.required ? continued : Expr.choice(continued, later));
        }
        return first;
    }

    /** A string that is none of {@code names}, in the one way of writing each character. */
    private Expr otherName(Set<String> names, String path) {
        for (String name : names) {
            if (name.length() > LONGEST_NAME) {
                throw GrammarErrors.invalid("The JSON Schema's " + path + " has a property whose name is longer than "
                        + LONGEST_NAME + " characters, which is not supported beside additionalProperties");
            }
        }
        return JsonForms.string(otherName(names.stream().sorted().toList(), 0));
    }

    /** The rest of a string that has begun like {@code names}, which are sorted, up to character {@code from}, and equals none. */
    private Expr otherName(List<String> names, int from) {
        Map<Integer, List<String>> byNext = new TreeMap<>();
        boolean ends = false;
        for (String name : names) {
            if (name.codePointCount(0, name.length()) == from) {
                ends = true;
            } else {
                int point = name.codePointAt(name.offsetByCodePoints(0, from));
                byNext.computeIfAbsent(point, p -> new ArrayList<>()).add(name);
            }
        }
        List<Expr> ways = new ArrayList<>();
        CharSet others = CharSet.ALL;
        for (Map.Entry<Integer, List<String>> entry : byNext.entrySet()) {
            CharSet next = CharSet.range(entry.getKey(), entry.getKey());
            others = others.minus(next);
            if (!next.isEmpty()) {
                ways.add(Expr.sequence(JsonForms.character(next), otherName(entry.getValue(), from + 1)));
            }
        }
        Expr anything = rules.once("name-rest", () -> Expr.any(JsonForms.character(CharSet.ALL)));
        ways.add(Expr.sequence(JsonForms.character(others), anything));
        if (!ends) {
            ways.add(Expr.EMPTY);
        }
        return new Expr.Choice(ways);
    }
}
