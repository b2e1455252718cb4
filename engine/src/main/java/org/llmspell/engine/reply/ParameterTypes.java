package org.llmspell.engine.reply;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ToolDefinition;

/**
 * Gives a type to arguments that are written without one, as {@code <parameter=days>2</parameter>}: text where the tool's
 * schema says string, else the JSON value that it is.
 */
final class ParameterTypes {
    private final List<ToolDefinition> tools;

    ParameterTypes(List<ToolDefinition> tools) {
        this.tools = tools;
    }

    /** The value that {@code text} means as argument {@code key} of {@code tool}. */
    @Nullable
    Object value(String tool, String key, String text) {
        return isText(tool, key) ? text : literal(text);
    }

    /** The JSON value that {@code text} is, or itself. */
    static @Nullable Object literal(String text) {
        LiteralReader reader = new LiteralReader(text, 0);
        try {
            Object value = reader.value();
            reader.skipSpace();
            return reader.atEnd() ? value : text;
        } catch (LiteralReader.Malformed e) {
            return text;
        }
    }

    /** Whether there is a tool of that name. */
    boolean knows(String tool) {
        return tools.stream().anyMatch(known -> known.name().equals(tool));
    }

    private boolean isText(String tool, String key) {
        for (ToolDefinition known : tools) {
            if (known.name().equals(tool)
                    && known.parameters().get("properties") instanceof Map<?, ?> properties
                    && properties.get(key) instanceof Map<?, ?> schema) {
                Object type = schema.get("type");
                return "string".equals(type) || (type instanceof Collection<?> types && types.contains("string"));
            }
        }
        return false;
    }
}
