package org.llmspell.server.api;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.local.json.JsonText;
import org.llmspell.server.http.HttpFailure;

/** Tools, calls and their results as the interfaces write them. */
public final class Tools {
    /** Of one request. */
    public static final int MOST = 128;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,128}");

    private Tools() {}

    /** The tools of {@code field}, each in a field {@code function} as OpenAI and Ollama have it, or flat. */
    public static List<ToolDefinition> functions(Body body, String field) {
        List<ToolDefinition> tools = new ArrayList<>();
        for (Body tool : body.objects(field, MOST)) {
            if (!tool.string("type", "function").equals("function")) {
                throw HttpFailure.wrong(tool.at("type"), tool.at("type") + ": only functions are supported as tools");
            }
            Body function = tool.object("function");
            tools.add(definition(function == null ? tool : function, "parameters"));
        }
        return tools;
    }

    /** A tool whose schema is in {@code schema}. */
    public static ToolDefinition definition(Body tool, String schema) {
        String name = tool.string("name", "");
        if (!NAME.matcher(name).matches()) {
            throw HttpFailure.wrong(tool.at("name"), tool.at("name") + " must be 1 to 128 letters, digits, _, - and .");
        }
        Body parameters = tool.object(schema);
        return new ToolDefinition(
                name,
                tool.string("description", ""),
                parameters == null ? ToolDefinition.NO_PARAMETERS : keyed(parameters.fields()));
    }

    /** A call of an earlier turn, its arguments an object or the JSON text of one. */
    public static ToolCall call(String id, Body function, String arguments) {
        String name = function.string("name", "");
        if (name.isEmpty()) {
            throw HttpFailure.wrong(function.at("name"), function.at("name") + " is required");
        }
        if (!(function.value(arguments) instanceof String text)) {
            Body object = function.object(arguments);
            return new ToolCall(id, name, object == null ? Map.of() : keyed(object.fields()));
        }
        try {
            return new ToolCall(id, name, text.isBlank() ? Map.of() : JsonText.parseObject(text));
        } catch (IllegalArgumentException e) {
            throw HttpFailure.wrong(
                    function.at(arguments), function.at(arguments) + " must be the JSON text of an object");
        }
    }

    /** The result of the call {@code id}, whose tool an earlier message names unless this one does. */
    public static ChatMessage result(List<ChatMessage> before, String id, String name, String content) {
        String tool = name;
        for (ChatMessage message : before) {
            for (ToolCall call : message.toolCalls()) {
                if (tool.isEmpty() && call.id().equals(id)) {
                    tool = call.name();
                }
            }
        }
        return new ChatMessage("tool", content, "", List.of(), tool, id);
    }

    private static Map<String, @Nullable Object> keyed(Map<?, ?> fields) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        fields.forEach((key, value) -> map.put(String.valueOf(key), value));
        return map;
    }
}
