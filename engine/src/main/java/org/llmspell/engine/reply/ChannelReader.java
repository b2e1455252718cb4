package org.llmspell.engine.reply;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.llmspell.engine.ToolCall;

/**
 * Reads replies made of messages with headers, as gpt-oss writes them (OpenAI's harmony format): {@code
 * <|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…}. A message to a function is a call, one
 * to nobody a thought or an answer by its channel. The prompt has written {@code <|start|>assistant}.
 */
final class ChannelReader implements ReplyReader {
    static final List<String> MARKERS = List.of(
            "<|start|>",
            "<|channel|>",
            "<|constrain|>",
            "<|message|>",
            "<|end|>",
            "<|call|>",
            "<|return|>",
            "<|eom|>",
            "<|eot|>");

    private static final List<String> ENDS =
            List.of("<|end|>", "<|call|>", "<|return|>", "<|eom|>", "<|eot|>", "<|start|>");
    private static final Pattern HEADER = Pattern.compile("(?:\\s*(?:<\\|start\\|>)?\\s*assistant)?"
            + "(?:\\s*to=(?<to>[\\w.:-]+))?"
            + "\\s*(?:<\\|channel\\|>\\s*(?<channel>\\w+))?"
            + "(?:\\s*to=(?<addressee>[\\w.:-]+))?"
            + "\\s*(?:<\\|constrain\\|>)?\\s*\\w*\\s*<\\|message\\|>");
    private static final CallSyntax ARGUMENTS = CallSyntax.Json.after("\\s*");
    private static final CallSyntax NAMED_ARGUMENTS = CallSyntax.Json.after("(?<name>[\\w.:-]+)\\s*");
    private static final CallSyntax INVOKE = ReplyFormats.wrappedInvoke("atem:");
    private static final List<String> PEOPLE = List.of("user", "all", "final", "assistant");

    private final CallFactory calls;
    private final List<ReplyPart> out = new ArrayList<>();
    private final StringBuilder held = new StringBuilder();
    private State state = State.HEADER;
    private String header = "";
    private String function = "";
    private boolean first = true;

    private enum State {
        HEADER,
        ANSWER,
        THOUGHT,
        CALL
    }

    ChannelReader(CallFactory calls) {
        this.calls = calls;
    }

    @Override
    public List<ReplyPart> next(String text) {
        held.append(text);
        return read(false);
    }

    @Override
    public List<ReplyPart> finish() {
        return read(true);
    }

    private List<ReplyPart> read(boolean last) {
        boolean more = true;
        while (more && !held.isEmpty() || more && last && state == State.CALL) {
            more = state == State.HEADER ? header(last) : body(last);
        }
        List<ReplyPart> parts = List.copyOf(out);
        out.clear();
        return parts;
    }

    private boolean header(boolean last) {
        Matcher matcher = HEADER.matcher(held);
        if (matcher.lookingAt()) {
            String to = matcher.group("to") == null ? matcher.group("addressee") : matcher.group("to");
            String channel = matcher.group("channel");
            header = take(matcher.end());
            if (to != null && !PEOPLE.contains(to) && !to.equals("self") && calls.hasTools()) {
                function = to.startsWith("functions.") ? to.substring("functions.".length()) : to;
                state = State.CALL;
            } else {
                state = "analysis".equals(channel) || "self".equals(to) ? State.THOUGHT : State.ANSWER;
                out.add(new ReplyPart.Markup(header));
            }
            first = false;
            return true;
        }
        if (matcher.hitEnd() && !last) {
            return false;
        }
        // No header: an answer as other models write it, or what follows the end of a message.
        for (String end : ENDS) {
            if (!first && held.indexOf(end) == 0) {
                out.add(new ReplyPart.Markup(take(end.length())));
                return true;
            }
        }
        first = false;
        state = State.ANSWER;
        return true;
    }

    private boolean body(boolean last) {
        int end = -1;
        int kept = 0;
        for (String marker : ENDS) {
            int found = held.indexOf(marker);
            if (found >= 0 && (end < 0 || found < end)) {
                end = found;
            }
            kept = Math.max(kept, last ? 0 : beginning(marker));
        }
        if (state == State.CALL) {
            if (end < 0 && !last) {
                return false;
            }
            call(end < 0 ? held.length() : end);
        } else {
            int shown = end >= 0 ? end : held.length() - kept;
            if (shown > 0) {
                String text = take(shown);
                out.add(state == State.THOUGHT ? new ReplyPart.Thought(text) : new ReplyPart.Answer(text));
            }
        }
        if (end < 0) {
            return false;
        }
        if (held.indexOf("<|start|>") != 0) {
            out.add(new ReplyPart.Markup(take(held.indexOf("|>") + 2)));
        }
        state = State.HEADER;
        return true;
    }

    private void call(int end) {
        String body = take(end);
        List<ToolCall> made = new ArrayList<>();
        Matcher json = ARGUMENTS.start().matcher(body);
        Matcher tags = INVOKE.start().matcher(body);
        if (json.lookingAt()) {
            made.addAll(calls.read(NAMED_ARGUMENTS, function + body, false));
        } else if (tags.lookingAt()) {
            made.addAll(calls.read(INVOKE, body, false));
        } else if (body.isBlank()) {
            made.addAll(calls.make(List.of(new CallSyntax.Written(null, function, Map.of())), false));
        }
        out.add(made.isEmpty() ? new ReplyPart.Answer(header + body) : new ReplyPart.Calls(made, header + body));
        state = State.HEADER;
    }

    /** The length of the longest end of what is held that begins {@code marker}. */
    private int beginning(String marker) {
        int length = Math.min(held.length(), marker.length() - 1);
        while (length > 0 && !marker.startsWith(held.substring(held.length() - length))) {
            length--;
        }
        return length;
    }

    private String take(int length) {
        String taken = held.substring(0, length);
        held.delete(0, length);
        return taken;
    }
}
