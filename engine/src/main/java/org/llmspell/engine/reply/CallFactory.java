package org.llmspell.engine.reply;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.engine.reply.CallSyntax.Written;

/** Makes the calls of one reply out of what stands between its markers, and gives them ids. Not thread-safe. */
final class CallFactory {
    private static final int LONGEST_ID = 64;

    private final ParameterTypes types;
    private final boolean hasTools;
    private final ReplyFormat.Ids ids;
    private int count;

    /** @param callsBefore how many calls the conversation had before */
    CallFactory(List<ToolDefinition> tools, ReplyFormat.Ids ids, int callsBefore) {
        this.types = new ParameterTypes(tools);
        this.hasTools = !tools.isEmpty();
        this.ids = ids;
        this.count = callsBefore;
    }

    /** Whether anything can be a call. */
    boolean hasTools() {
        return hasTools;
    }

    /** The calls of a whole body; empty if it is malformed, or calls what it may not. */
    List<ToolCall> read(CallSyntax syntax, String body, boolean knownOnly) {
        Matcher start = syntax.start().matcher(body);
        List<Written> written = start.lookingAt() ? syntax.read(body, start, types) : List.of();
        return make(written, knownOnly);
    }

    /** The calls with their ids; none if {@code knownOnly} and any of them calls a tool that is not there. */
    List<ToolCall> make(List<Written> written, boolean knownOnly) {
        List<ToolCall> calls = new ArrayList<>();
        if (!hasTools || (knownOnly && !written.stream().allMatch(call -> types.knows(call.name())))) {
            return calls;
        }
        for (Written call : written) {
            count++;
            calls.add(new ToolCall(id(call), call.name(), call.arguments()));
        }
        return calls;
    }

    private String id(Written call) {
        String given = call.id();
        return fittingId(ids, given == null ? "" : given, call.name(), count);
    }

    /**
     * The id that a call is to have.
     *
     * @param given the one it has; empty for none
     * @param count its number in the conversation, from 1
     */
    static String fittingId(ReplyFormat.Ids style, String given, String name, int count) {
        boolean fits = !given.isEmpty() && given.length() <= LONGEST_ID;
        return switch (style) {
            case ANY -> fits ? given : numbered(count);
            case NINE -> given.matches("[a-zA-Z0-9]{9}") ? given : numbered(count);
            case NUMBERED_NAME -> fits && given.contains(":") ? given : "functions." + name + ":" + (count - 1);
        };
    }

    private static String numbered(int count) {
        return String.format(Locale.ROOT, "call%05d", count % 100_000);
    }
}
