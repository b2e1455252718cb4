package org.llmspell.lua.globals;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.json.JsonText;

/**
 * A JSON Schema that a script gave as a table. Lua's tables have no order and a reply's properties follow the schema's, so the
 * required ones come first, as {@code required} lists them, then the others by name.
 */
final class ScriptSchema {
    private ScriptSchema() {}

    /** The schema of which {@code json} is the text. */
    static @Nullable Object of(String json) {
        return ordered(JsonText.parse(json));
    }

    private static @Nullable Object ordered(@Nullable Object value) {
        return switch (value) {
            case Map<?, ?> map -> {
                Map<String, @Nullable Object> copy = new LinkedHashMap<>();
                map.forEach((key, inner) -> copy.put(String.valueOf(key), ordered(inner)));
                if (copy.get("properties") instanceof Map<?, ?> properties
                        && copy.get("required") instanceof List<?> required) {
                    copy.put("properties", inOrder(properties, required));
                }
                yield copy;
            }
            case List<?> list -> {
                List<@Nullable Object> copy = new ArrayList<>();
                list.forEach(inner -> copy.add(ordered(inner)));
                yield copy;
            }
            case null, default -> value;
        };
    }

    private static Map<String, @Nullable Object> inOrder(Map<?, ?> properties, List<?> required) {
        Map<String, @Nullable Object> ordered = new LinkedHashMap<>();
        for (Object name : required) {
            if (properties.containsKey(name)) {
                ordered.put(String.valueOf(name), properties.get(name));
            }
        }
        properties.forEach((name, schema) -> ordered.putIfAbsent(String.valueOf(name), schema));
        return ordered;
    }
}
