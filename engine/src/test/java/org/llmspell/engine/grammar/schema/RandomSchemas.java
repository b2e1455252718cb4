package org.llmspell.engine.grammar.schema;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Random JSON Schemas of the supported keywords. */
final class RandomSchemas {
    private static final List<String> PATTERNS = List.of(
            "^[a-z]{2,5}$",
            "^(foo|ba+r)?$",
            "x\\d",
            "^\\w+@\\w+\\.(com|org)$",
            "^[^\"\\\\]*\"$",
            "^é.日?$",
            "^-?[0-9]+(\\.[0-9]+)?$");
    private static final List<String> NAMES = List.of("a", "b", "name", "names", "id", "x\"y", "é", "");

    private final Random random;

    RandomSchemas(long seed) {
        random = new Random(seed);
    }

    Map<String, Object> next() {
        Map<String, Object> schema = new LinkedHashMap<>();
        Map<String, Object> definitions = new LinkedHashMap<>();
        schema.put("title", "random");
        definitions.put("leaf", leaf());
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("type", "object");
        tree.put("properties", ordered("v", leaf(), "next", Map.of("$ref", "#/$defs/tree")));
        tree.put("required", List.of("v"));
        definitions.put("tree", tree);
        schema.put("$defs", definitions);
        schema.putAll(schema(3));
        return schema;
    }

    private static Map<String, Object> ordered(String a, Object x, String b, Object y) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put(a, x);
        map.put(b, y);
        return map;
    }

    private Map<String, Object> schema(int depth) {
        if (depth == 0) {
            return leaf();
        }
        return switch (random.nextInt(9)) {
            case 0, 1, 2 -> object(depth);
            case 3, 4 -> array(depth);
            case 5 -> Map.of("anyOf", List.of(schema(depth - 1), schema(depth - 1)));
            case 6 -> Map.of("$ref", random.nextBoolean() ? "#/$defs/leaf" : "#/$defs/tree");
            case 7 -> Map.of("allOf", List.of(object(depth - 1), object(0)));
            default -> leaf();
        };
    }

    private Map<String, Object> object(int depth) {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        Map<String, Object> properties = new LinkedHashMap<>();
        List<String> required = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            String name = NAMES.get(random.nextInt(NAMES.size()));
            properties.put(name, depth == 0 ? Map.of() : schema(depth - 1));
            if (random.nextBoolean() && !required.contains(name)) {
                required.add(name);
            }
        }
        schema.put("properties", properties);
        schema.put("required", required);
        switch (random.nextInt(4)) {
            case 0 -> schema.put("additionalProperties", false);
            case 1 -> schema.put("additionalProperties", depth == 0 ? true : leaf());
            default -> {}
        }
        if (random.nextInt(5) == 0) {
            required.add("more");
            if (Boolean.FALSE.equals(schema.get("additionalProperties"))) {
                schema.remove("additionalProperties");
            }
        }
        return schema;
    }

    private Map<String, Object> array(int depth) {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "array");
        if (random.nextBoolean()) {
            schema.put("items", schema(depth - 1));
        }
        if (random.nextInt(3) == 0) {
            schema.put("prefixItems", List.of(schema(depth - 1), leaf()));
        }
        int min = random.nextInt(4);
        if (random.nextBoolean()) {
            schema.put("minItems", min);
        }
        if (random.nextBoolean()) {
            schema.put("maxItems", min + random.nextInt(3));
        }
        return schema;
    }

    private Map<String, Object> leaf() {
        return switch (random.nextInt(10)) {
            case 0 -> Map.of("type", "boolean");
            case 1 -> range(Map.of("type", "integer"), 2000, 0);
            case 2 -> range(Map.of("type", "number"), 40, random.nextInt(4));
            case 3 -> Map.of("enum", List.of("a\nb", 1, 2.5, true, List.of(1, Map.of("k", "v")), Map.of()));
            case 4 -> Map.of("const", NAMES.get(random.nextInt(NAMES.size())));
            case 5 -> Map.of("type", "string", "pattern", PATTERNS.get(random.nextInt(PATTERNS.size())));
            case 6 ->
                Map.of("format", List.of("date", "time", "date-time", "uuid").get(random.nextInt(4)), "type", "string");
            case 7 -> Map.of("type", "string", "minLength", random.nextInt(3), "maxLength", 3 + random.nextInt(9));
            case 8 -> Map.of("type", List.of("null", "integer"));
            default -> Map.of("type", "string");
        };
    }

    private Map<String, Object> range(Map<String, Object> type, int span, int decimals) {
        double scale = Math.pow(10, decimals);
        double low = Math.rint((random.nextDouble() - 0.5) * span * scale) / scale;
        double high = low + Math.rint(random.nextDouble() * span * scale) / scale + 1;
        Map<String, Object> schema = new LinkedHashMap<>(type);
        if (random.nextInt(4) > 0) {
            schema.put(random.nextBoolean() ? "minimum" : "exclusiveMinimum", low);
        }
        if (random.nextInt(4) > 0) {
            schema.put(random.nextBoolean() ? "maximum" : "exclusiveMaximum", high + 1);
        }
        return schema;
    }
}
