package org.llmspell.lua.globals;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.local.json.JsonText;
import org.llmspell.lua.vm.LuaFault;

/**
 * Makes tools of the tables by which a script describes them. A Lua table has no order, and an empty one does not say whether it is
 * a list: keys are put in one order, so that equal tools make equal prompts, and JSON Schema says which of its keywords hold what.
 */
final class ToolTables {
    private static final int LONGEST_NAME = 64;
    private static final Set<String> MAPS =
            Set.of("properties", "patternProperties", "$defs", "definitions", "items", "additionalProperties");
    private static final List<String> FIRST = List.of("type", "description", "properties", "required");

    private ToolTables() {}

    /** The tools of a list of {@code {name = …, description = …, parameters = …}}. */
    static List<ToolDefinition> read(List<?> tables) {
        List<ToolDefinition> tools = new ArrayList<>();
        for (Object table : tables) {
            if (!(table instanceof Map<?, ?> map)) {
                throw new LuaFault("a tool must be a table {name = …, description = …, parameters = …, handler = …}");
            }
            ToolDefinition tool = tool(map);
            if (tools.stream().anyMatch(other -> other.name().equals(tool.name()))) {
                throw new LuaFault("there are two tools of the name " + tool.name());
            }
            tools.add(tool);
        }
        return tools;
    }

    private static ToolDefinition tool(Map<?, ?> table) {
        Object name = table.get("name");
        if (!(name instanceof String text) || !text.matches("[A-Za-z0-9_.-]{1," + LONGEST_NAME + "}")) {
            throw new LuaFault(
                    "a tool's name must be 1 to " + LONGEST_NAME + " letters, digits, '_', '-' or '.', got " + name);
        }
        Object description = table.get("description");
        if (description != null && !(description instanceof String)) {
            throw new LuaFault("the description of tool " + text + " must be a string");
        }
        return new ToolDefinition(
                text, description == null ? "" : (String) description, parameters(text, table.get("parameters")));
    }

    private static Map<String, ? extends @Nullable Object> parameters(String tool, @Nullable Object given) {
        Object schema = given;
        if (given instanceof String text) {
            try {
                schema = JsonText.parseObject(text);
            } catch (IllegalArgumentException e) {
                throw new LuaFault("the parameters of tool " + tool + " are no JSON object: " + e.getMessage());
            }
        }
        if (schema == null || schema instanceof List<?> list && list.isEmpty()) {
            return ToolDefinition.NO_PARAMETERS;
        }
        if (!(schema instanceof Map<?, ?> map)) {
            throw new LuaFault("the parameters of tool " + tool + " must be a JSON Schema, such as "
                    + "{type = \"object\", properties = {city = {type = \"string\"}}, required = {\"city\"}}");
        }
        Map<String, @Nullable Object> ordered = new LinkedHashMap<>();
        if (!map.containsKey("type")) {
            ordered.put("type", "object");
        } else if (!"object".equals(map.get("type"))) {
            throw new LuaFault(
                    "the parameters of tool " + tool + " must be of type \"object\", got " + map.get("type"));
        }
        ordered.putAll(schema(map, false));
        ordered.putIfAbsent("properties", Map.of());
        return ordered;
    }

    /** @param names the keys are names that the script chose, not keywords */
    private static Map<String, @Nullable Object> schema(Map<?, ?> map, boolean names) {
        Map<String, @Nullable Object> sorted = new TreeMap<>();
        map.forEach((key, value) -> sorted.put(String.valueOf(key), value));
        Map<String, @Nullable Object> ordered = new LinkedHashMap<>();
        if (!names) {
            FIRST.stream().filter(sorted::containsKey).forEach(key -> ordered.put(key, null));
        }
        sorted.forEach((key, value) -> ordered.put(key, value(key, value, names)));
        return ordered;
    }

    private static @Nullable Object value(String key, @Nullable Object value, boolean names) {
        boolean empty =
                value instanceof List<?> list && list.isEmpty() || value instanceof Map<?, ?> map && map.isEmpty();
        if (empty) {
            return names || MAPS.contains(key) ? Map.of() : List.of();
        }
        if (value instanceof Map<?, ?> map) {
            return schema(
                    map, !names && MAPS.contains(key) && !key.equals("items") && !key.equals("additionalProperties"));
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> items = new ArrayList<>();
            list.forEach(item -> items.add(item instanceof Map<?, ?> map ? schema(map, false) : item));
            return items;
        }
        return value;
    }
}
