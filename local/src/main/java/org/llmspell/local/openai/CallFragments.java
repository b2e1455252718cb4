package org.llmspell.local.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.json.JsonFields;
import org.llmspell.local.json.JsonText;

/** Puts together the calls of a reply, whose names and arguments come in pieces, by their index. Not thread-safe. */
final class CallFragments {
    private final Map<Long, Call> calls = new TreeMap<>();
    private final int before;

    private static final class Call {
        private String id = "";
        private final StringBuilder name = new StringBuilder();
        private final StringBuilder arguments = new StringBuilder();
    }

    /** @param before calls in the conversation before, to number those that come without an id */
    CallFragments(int before) {
        this.before = before;
    }

    /** Takes what a piece of the reply has of them. */
    void add(Map<?, ?> delta) {
        for (Map<?, ?> piece : JsonFields.objects(delta, "tool_calls")) {
            Call call = calls.computeIfAbsent(JsonFields.integer(piece, "index", calls.size()), index -> new Call());
            String id = JsonFields.string(piece, "id");
            call.id = id == null ? call.id : id;
            Map<?, ?> function = JsonFields.object(piece, "function");
            append(call.name, function, "name");
            append(call.arguments, function, "arguments");
        }
    }

    private static void append(StringBuilder to, Map<?, ?> function, String key) {
        Object value = function.get(key);
        if (value instanceof String text) {
            to.append(text);
        } else if (value instanceof Map<?, ?>) {
            to.append(JsonText.compact(value));
        }
    }

    /** The calls, whole, at the reply's end. Arguments that are no JSON object are empty. */
    List<ToolCall> whole() {
        List<ToolCall> whole = new ArrayList<>();
        for (Call call : calls.values()) {
            if (!call.name.isEmpty()) {
                String own = String.format(Locale.ROOT, "call%05d", (before + whole.size() + 1) % 100_000);
                whole.add(new ToolCall(call.id.isEmpty() ? own : call.id, call.name.toString(), arguments(call)));
            }
        }
        return List.copyOf(whole);
    }

    private static Map<String, @Nullable Object> arguments(Call call) {
        try {
            return call.arguments.isEmpty() ? Map.of() : JsonText.parseObject(call.arguments.toString());
        } catch (IllegalArgumentException e) {
            return Map.of();
        }
    }
}
