package org.llmspell.engine.grammar.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.grammar.Grammar;
import org.llmspell.engine.grammar.Texts;
import tools.jackson.databind.JsonNode;

/**
 * The cases of the official JSON-Schema-Test-Suite whose keywords are supported: grammars accept what is valid and refuse what
 * is not, and what is written under them is valid. Where LLMSpell takes a keyword's absence for less than the standard does
 * (type, additionalProperties), the case is spelt out first; so are forms that draft 4 wrote differently.
 */
@Timeout(120)
class TestSuiteTest {
    private static final List<String> ALL_TYPES = List.of("object", "array", "string", "number", "boolean", "null");
    private static Path folder;

    @BeforeAll
    static void find() {
        folder = Path.of(
                System.getProperty("user.home"), ".cache", "llmspell-tests", "json-schema-test-suite", "draft4");
        if (!Files.isDirectory(folder)) {
            String reason = folder + " is absent; tools/json-schema-test-suite.sh fetches it";
            assertThat(System.getenv("CI")).as(reason).isNull();
            Assumptions.abort(reason);
        }
    }

    private record Case(String name, Object schema, Object value, boolean valid) {}

    private static List<Case> cases() throws IOException {
        List<Case> cases = new ArrayList<>();
        try (var files = Files.list(folder)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".json"))
                    .sorted()
                    .toList()) {
                for (Object group : (List<?>) Json.parse(Files.readString(file))) {
                    Map<?, ?> about = (Map<?, ?>) group;
                    for (Object test : (List<?>) about.get("tests")) {
                        Map<?, ?> one = (Map<?, ?>) test;
                        cases.add(new Case(
                                file.getFileName() + ": " + about.get("description") + ": " + one.get("description"),
                                about.get("schema"),
                                one.get("data"),
                                (Boolean) one.get("valid")));
                    }
                }
            }
        }
        return cases;
    }

    /** The schema with its silent assumptions written out, in today's keywords. */
    private static Object spelt(Object schema) {
        if (!(schema instanceof Map<?, ?> map)) {
            return schema;
        }
        if (map.containsKey("$ref")) {
            Map<String, Object> reference = new LinkedHashMap<>();
            reference.put("$ref", map.get("$ref"));
            for (String keyword : List.of("definitions", "properties")) {
                if (map.containsKey(keyword)) {
                    reference.put("$defs".equals(keyword) ? keyword : "definitions", each(map.get(keyword)));
                }
            }
            return reference;
        }
        Map<String, Object> spelt = new LinkedHashMap<>();
        map.forEach((key, value) -> {
            switch ((String) key) {
                case "properties", "definitions" -> spelt.put((String) key, each(value));
                case "anyOf", "allOf", "oneOf" ->
                    spelt.put(
                            (String) key,
                            ((List<?>) value).stream().map(TestSuiteTest::spelt).toList());
                case "additionalProperties", "additionalItems" -> spelt.put((String) key, spelt(value));
                case "items" -> {
                    if (value instanceof List<?> list) {
                        spelt.put(
                                "prefixItems",
                                list.stream().map(TestSuiteTest::spelt).toList());
                        if (map.containsKey("additionalItems")) {
                            spelt.put("items", spelt(map.get("additionalItems")));
                        }
                    } else {
                        spelt.put("items", spelt(value));
                    }
                }
                case "exclusiveMinimum", "exclusiveMaximum" -> {}
                case "minimum" ->
                    spelt.put(Boolean.TRUE.equals(map.get("exclusiveMinimum")) ? "exclusiveMinimum" : "minimum", value);
                case "maximum" ->
                    spelt.put(Boolean.TRUE.equals(map.get("exclusiveMaximum")) ? "exclusiveMaximum" : "maximum", value);
                default -> spelt.put((String) key, value);
            }
        });
        if (spelt.containsKey("prefixItems") || !(map.get("items") instanceof List)) {
            spelt.remove("additionalItems");
        }
        spelt.putIfAbsent("type", ALL_TYPES);
        if (!spelt.containsKey("enum")) {
            spelt.putIfAbsent("additionalProperties", true);
        }
        return spelt;
    }

    private static Object each(Object schemas) {
        Map<String, Object> each = new LinkedHashMap<>();
        ((Map<?, ?>) schemas).forEach((name, schema) -> each.put((String) name, spelt(schema)));
        return each;
    }

    private static void names(Object schema, Set<String> into) {
        if (schema instanceof Map<?, ?> map) {
            if (map.get("properties") instanceof Map<?, ?> properties) {
                properties.keySet().forEach(name -> into.add((String) name));
            }
            map.values().forEach(value -> names(value, into));
        } else if (schema instanceof List<?> list) {
            list.forEach(value -> names(value, into));
        }
    }

    /** The value with its properties in the schema's order and whole numbers without a point. */
    private static Object ordered(Object value, Set<String> names) {
        return switch (value) {
            case Map<?, ?> map -> {
                Map<String, Object> ordered = new LinkedHashMap<>();
                for (String name : names) {
                    if (map.containsKey(name)) {
                        ordered.put(name, ordered(map.get(name), names));
                    }
                }
                map.forEach((name, inner) -> ordered.putIfAbsent((String) name, ordered(inner, names)));
                yield ordered;
            }
            case List<?> list -> {
                List<Object> ordered = new ArrayList<>();
                list.forEach(inner -> ordered.add(ordered(inner, names)));
                yield ordered;
            }
            case Double number when number == Math.rint(number) -> new BigDecimal(number).toBigInteger();
            case null, default -> value;
        };
    }

    @Test
    void grammarsDecideAsTheSuiteDoes() throws IOException {
        Map<Object, Texts> known = new HashMap<>();
        Map<String, Integer> refused = new TreeMap<>();
        int decided = 0;
        for (Case one : cases()) {
            Object schema = spelt(one.schema);
            Texts texts;
            try {
                texts = known.computeIfAbsent(schema, s -> new Texts(JsonSchema.of(s)));
            } catch (EngineException e) {
                assertThat(e).as(one.name).hasMessageStartingWith("The JSON Schema's #");
                refused.merge(one.name.replaceAll(":.*", ""), 1, Integer::sum);
                continue;
            }
            Set<String> names = new LinkedHashSet<>();
            names(one.schema, names);
            String text = Json.MAPPER.writeValueAsString(ordered(one.value, names));
            assertThat(texts.accepts(text)).as("%s: %s", one.name, text).isEqualTo(one.valid);
            decided++;
        }
        assertThat(refused.keySet())
                .as("files with cases whose keywords are refused")
                .isSubsetOf(
                        "additionalItems.json", // with what is not an array
                        "additionalProperties.json", // patternProperties
                        "default.json",
                        "dependencies.json",
                        "items.json",
                        "maxProperties.json",
                        "minProperties.json",
                        "multipleOf.json",
                        "not.json",
                        "oneOf.json", // schemas that may hold together
                        "patternProperties.json",
                        "properties.json", // patternProperties
                        "ref.json", // by address
                        "refRemote.json",
                        "definitions.json", // by address
                        "uniqueItems.json");
        assertThat(decided).isGreaterThan(150);
    }

    @Test
    void whatIsWrittenUnderASchemaOfTheSuiteIsValid() throws IOException {
        SchemaRegistry registry = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_4);
        Set<Object> done = new LinkedHashSet<>();
        int written = 0;
        for (Case one : cases()) {
            Grammar grammar;
            if (!done.add(one.schema)) {
                continue;
            }
            try {
                grammar = JsonSchema.of(spelt(one.schema));
            } catch (EngineException e) {
                continue;
            }
            Schema validator = registry.getSchema(Json.MAPPER.<JsonNode>valueToTree(one.schema));
            for (int seed = 0; seed < 4; seed++) {
                String text = new RandomWriter(seed).write(grammar);
                assertThat(text).as(one.name).isNotNull();
                assertThat(validator.validate(Json.tree(text)))
                        .as("%s: %s", one.name, text)
                        .isEmpty();
                written++;
            }
        }
        assertThat(written).isGreaterThan(150);
    }
}
