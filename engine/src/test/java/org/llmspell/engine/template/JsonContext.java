package org.llmspell.engine.template;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Variables for templates out of the reference data's JSON. */
final class JsonContext {
    /** The time at which the reference data was made, as far as templates can tell. */
    static final Clock CLOCK = Clock.fixed(Instant.parse("2026-01-15T10:30:45Z"), ZoneOffset.UTC);

    private JsonContext() {}

    @SuppressWarnings("unchecked")
    static Map<String, Object> map(JsonNode node) {
        return (Map<String, Object>) java.util.Objects.requireNonNull(value(node));
    }

    static @Nullable Object value(JsonNode node) {
        if (node.isObject()) {
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            node.properties().forEach(entry -> map.put(entry.getKey(), value(entry.getValue())));
            return map;
        }
        if (node.isArray()) {
            List<@Nullable Object> list = new ArrayList<>();
            node.forEach(item -> list.add(value(item)));
            return list;
        }
        if (node.isString()) {
            return node.asString();
        }
        if (node.isBoolean()) {
            return node.asBoolean();
        }
        if (node.isIntegralNumber()) {
            return node.bigIntegerValue();
        }
        return node.isNumber() ? (Object) node.doubleValue() : null;
    }
}
