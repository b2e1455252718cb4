package org.llmspell.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A tool that the model may call.
 *
 * @param name as the model writes it: letters, digits, {@code _}, {@code -} and {@code .}
 * @param description what it does and when to use it; may be empty
 * @param parameters the JSON Schema of its arguments, an object schema, as plain values: String, Boolean, Long, Double, List,
 *     Map, null. In the order to show. Not copied; must not be changed.
 */
public record ToolDefinition(String name, String description, Map<String, ? extends @Nullable Object> parameters) {
    /** The schema of tools without arguments. */
    public static final Map<String, Object> NO_PARAMETERS = Map.of("type", "object", "properties", Map.of());

    /** The tool as Hugging Face's templates and the OpenAI interface take it. */
    public Map<String, Object> toMap() {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", name);
        function.put("description", description);
        function.put("parameters", parameters);
        Map<String, Object> tool = new LinkedHashMap<>();
        tool.put("type", "function");
        tool.put("function", function);
        return tool;
    }
}
