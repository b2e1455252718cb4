package org.llmspell.engine.reply;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.reply.CallSyntax.Written;

/**
 * Makes calls of the objects by which models write them: {@code {"name", "arguments"}} and its relatives with {@code
 * parameters}, {@code tool_name} or a {@code function} around, and {@code {"the_name": {…}}}.
 */
final class CallObjects {
    private static final List<String> NAMES = List.of("name", "tool_name", "function_name", "function", "tool");
    private static final List<String> ARGUMENTS = List.of("arguments", "parameters", "args", "params", "input");
    private static final List<String> IDS = List.of("id", "tool_call_id", "call_id");
    private static final List<String> LISTS = List.of("tool_calls", "function_calls");

    private CallObjects() {}

    /**
     * Adds the call, or the list of calls, that {@code value} is.
     *
     * @throws LiteralReader.Malformed if it is none
     */
    static void add(@Nullable Object value, List<Written> calls) throws LiteralReader.Malformed {
        if (value instanceof List<?> list) {
            for (Object item : list) {
                if (!(item instanceof Map<?, ?>)) {
                    throw new LiteralReader.Malformed();
                }
                add(item, calls);
            }
        } else if (value instanceof Map<?, ?> map) {
            add(map, calls);
        } else {
            throw new LiteralReader.Malformed();
        }
    }

    private static void add(Map<?, ?> map, List<Written> calls) throws LiteralReader.Malformed {
        for (String key : LISTS) {
            if (map.get(key) instanceof List<?> list && !list.isEmpty()) {
                add(list, calls);
                return;
            }
        }
        for (String key : NAMES) {
            if (map.get(key) instanceof String name && !name.isBlank()) {
                calls.add(new Written(id(map), name, arguments(map)));
                return;
            }
        }
        if (map.get("function") instanceof Map<?, ?> function && function.get("name") instanceof String name) {
            calls.add(new Written(id(map), name, arguments(function)));
            return;
        }
        // No name: then the keys are the names, as Apertus writes them.
        if (map.isEmpty()) {
            throw new LiteralReader.Malformed();
        }
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            boolean keyword = NAMES.contains(entry.getKey()) || ARGUMENTS.contains(entry.getKey());
            if (keyword || !(entry.getValue() instanceof Map<?, ?> arguments)) {
                throw new LiteralReader.Malformed();
            }
            calls.add(new Written(null, String.valueOf(entry.getKey()), named(arguments)));
        }
    }

    private static @Nullable String id(Map<?, ?> map) {
        for (String key : IDS) {
            if (map.get(key) instanceof String id && !id.isBlank()) {
                return id;
            }
        }
        return null;
    }

    private static Map<String, @Nullable Object> arguments(Map<?, ?> call) throws LiteralReader.Malformed {
        for (String key : ARGUMENTS) {
            if (call.containsKey(key)) {
                Object value = call.get(key);
                if (value == null) {
                    return Map.of();
                }
                // Some models write the arguments as a text that holds JSON.
                return object(value instanceof String text ? new LiteralReader(text, 0).value() : value);
            }
        }
        return Map.of();
    }

    private static Map<String, @Nullable Object> object(@Nullable Object value) throws LiteralReader.Malformed {
        if (value instanceof Map<?, ?> map) {
            return named(map);
        }
        throw new LiteralReader.Malformed();
    }

    /** A map that was read, whose keys are strings. */
    static Map<String, @Nullable Object> named(Map<?, ?> map) {
        Map<String, @Nullable Object> named = new LinkedHashMap<>();
        map.forEach((key, value) -> named.put(String.valueOf(key), value));
        return named;
    }
}
