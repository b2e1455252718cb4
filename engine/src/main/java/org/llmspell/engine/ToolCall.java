package org.llmspell.engine;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model's wish to have a tool run.
 *
 * @param id names the call within its conversation, so that the result can be given back to it
 * @param name of the tool, as the model wrote it: it may not exist
 * @param arguments by name, as plain values: String, Boolean, Long, Double, List, Map, null; not checked against the tool's
 *     schema. Immutable, in the order in which the model wrote them.
 */
public record ToolCall(String id, String name, Map<String, @Nullable Object> arguments) {
    public ToolCall {
        arguments = Collections.unmodifiableMap(new LinkedHashMap<>(arguments));
    }
}
