package org.llmspell.engine.reply;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.ToolDefinition;

/** Reads whole replies, in one piece or in many, and puts together what comes out. */
final class Replies {
    static final ToolDefinition WEATHER = new ToolDefinition(
            "get_weather",
            "Get the current weather for a city. Returns °C & conditions.",
            Map.of(
                    "type",
                    "object",
                    "properties",
                    Map.of(
                            "city",
                            Map.of("type", "string", "description", "City name"),
                            "days",
                            Map.of("type", "integer", "description", "How many")),
                    "required",
                    List.of("city")));
    static final ToolDefinition ADD = new ToolDefinition(
            "add",
            "Add two numbers",
            Map.of(
                    "type",
                    "object",
                    "properties",
                    Map.of(
                            "a",
                            Map.of("type", "number", "description", "A number"),
                            "b",
                            Map.of("type", "number", "description", "A number")),
                    "required",
                    List.of("a", "b")));
    static final List<ToolDefinition> TOOLS = List.of(WEATHER, ADD);

    private Replies() {}

    /** What a reply came to. */
    record Whole(String answer, String thought, List<ToolCall> calls, String source) {
        List<Object> named() {
            List<Object> named = new ArrayList<>();
            calls.forEach(call -> named.add(List.of(call.name(), call.arguments())));
            return named;
        }
    }

    static Whole read(ReplyShape shape, String reply) {
        return read(shape, List.of(reply));
    }

    static Whole read(ReplyShape shape, List<String> pieces) {
        ReplyReader reader = shape.reader();
        List<ReplyPart> parts = new ArrayList<>();
        pieces.forEach(piece -> parts.addAll(reader.next(piece)));
        parts.addAll(reader.finish());
        StringBuilder answer = new StringBuilder();
        StringBuilder thought = new StringBuilder();
        StringBuilder source = new StringBuilder();
        List<ToolCall> calls = new ArrayList<>();
        for (ReplyPart part : parts) {
            source.append(part.source());
            switch (part) {
                case ReplyPart.Answer text -> answer.append(text.source());
                case ReplyPart.Thought text -> thought.append(text.source());
                case ReplyPart.Calls made -> calls.addAll(made.calls());
                case ReplyPart.Markup markup -> {}
            }
        }
        return new Whole(answer.toString(), thought.toString(), calls, source.toString());
    }

    /** One piece for each character. */
    static List<String> characters(String text) {
        return text.codePoints().mapToObj(Character::toString).toList();
    }

    /** The shape of replies to a conversation with {@link #TOOLS} in a template that holds {@code signs}. */
    static ReplyShape shape(String signs) {
        return ReplyShape.of(signs, false, TOOLS, "", 0);
    }
}
