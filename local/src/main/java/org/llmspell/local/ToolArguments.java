package org.llmspell.local;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.ToolDefinition;

/**
 * Checks a call against the tools that there are, before it is run: the tool exists, its required arguments are there, and each
 * has a type and value that its schema's {@code type} and {@code enum} allow. What nested schemas say is left to the tool.
 */
public final class ToolArguments {
    private ToolArguments() {}

    /** What is wrong with {@code call}, in words for the model that made it; empty if nothing is. */
    public static String problem(ToolCall call, List<ToolDefinition> tools) {
        for (ToolDefinition tool : tools) {
            if (tool.name().equals(call.name())) {
                return problem(call.arguments(), tool.parameters());
            }
        }
        List<String> names = tools.stream().map(ToolDefinition::name).toList();
        return "there is no tool " + Quoted.of(call.name()) + "; the tools are " + String.join(", ", names);
    }

    private static String problem(Map<String, @Nullable Object> arguments, Map<String, ?> schema) {
        if (schema.get("required") instanceof Collection<?> required) {
            for (Object name : required) {
                if (!arguments.containsKey(String.valueOf(name))) {
                    return "the argument " + Quoted.of(String.valueOf(name)) + " is missing";
                }
            }
        }
        Map<?, ?> properties = schema.get("properties") instanceof Map<?, ?> map ? map : Map.of();
        for (Map.Entry<String, @Nullable Object> argument : arguments.entrySet()) {
            String name = Quoted.of(argument.getKey());
            if (properties.get(argument.getKey()) instanceof Map<?, ?> own) {
                String expected = expected(argument.getValue(), own);
                if (!expected.isEmpty()) {
                    return "the argument " + name + " must be " + expected;
                }
            } else if (Boolean.FALSE.equals(schema.get("additionalProperties"))) {
                return "there is no argument " + name;
            }
        }
        return "";
    }

    /** What {@code value} would have to be; empty if it is. */
    private static String expected(@Nullable Object value, Map<?, ?> schema) {
        Object type = schema.get("type");
        Collection<?> types =
                type instanceof Collection<?> several ? several : type == null ? List.of() : List.of(type);
        if (!types.isEmpty() && types.stream().noneMatch(one -> isA(value, String.valueOf(one)))) {
            return String.join(" or ", types.stream().map(String::valueOf).toList());
        }
        if (schema.get("enum") instanceof Collection<?> values
                && values.stream().noneMatch(one -> Objects.equals(one, value))) {
            return "one of " + values;
        }
        return "";
    }

    private static boolean isA(@Nullable Object value, String type) {
        return switch (type) {
            case "string" -> value instanceof String;
            case "boolean" -> value instanceof Boolean;
            case "null" -> value == null;
            case "object" -> value instanceof Map;
            case "array" -> value instanceof Collection;
            case "number" -> value instanceof Number;
            case "integer" -> value instanceof Number number && number.doubleValue() == Math.rint(number.doubleValue());
            default -> true;
        };
    }
}
