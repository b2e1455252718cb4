package org.llmspell.engine.reply;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.reply.Markers.Found;
import org.llmspell.engine.reply.ReplyFormat.Block;

/**
 * Reads replies whose thoughts and calls stand between markers. White space next to a marker belongs to it.
 *
 * <p>It holds text back in three cases only: it may begin a marker, it is white space that a marker may follow, or it is in a
 * call. What turns out to be no call is given out as text and read again from behind its first marker.
 */
final class MarkedReader implements ReplyReader {
    private final ThinkingMarks thinking;
    private final CallFactory calls;
    private final Markers markers;
    /** What opens calls, where a call ends a thought. */
    private final List<String> callOpenings;

    private final List<ReplyPart> out = new ArrayList<>();
    private final StringBuilder held = new StringBuilder();
    private State state;
    /** White space at the place reached belongs to the marker before it. */
    private boolean afterMarker;
    /** Nothing has been answered yet, or a call has just ended: thinking may begin. */
    private boolean mayThink = true;
    /** All since the last line end is blank. */
    private boolean lineBlank = true;
    /** The call being read, the white space before it, and where it stands. */
    private @Nullable Block block;

    private String before = "";
    private ValueScanner scanner = new ValueScanner();
    private int searched;

    private enum State {
        ANSWER,
        THOUGHT_BEGINS,
        THOUGHT,
        CALL
    }

    MarkedReader(ReplyFormat format, ThinkingMarks thinking, boolean startsThinking, CallFactory calls) {
        this.thinking = thinking;
        this.calls = calls;
        this.markers = new Markers(format, thinking, calls.hasTools());
        this.callOpenings = thinking.endsAtCall() && calls.hasTools()
                ? format.blocks().stream()
                        .filter(block -> !block.bare())
                        .map(Block::open)
                        .toList()
                : List.of();
        this.state = startsThinking ? State.THOUGHT_BEGINS : State.ANSWER;
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
            more = switch (state) {
                case ANSWER -> answer(last);
                case THOUGHT_BEGINS -> beginThought(last);
                case THOUGHT -> thought(last);
                case CALL -> call(last);
            };
        }
        List<ReplyPart> parts = List.copyOf(out);
        out.clear();
        return parts;
    }

    /** Reads on in the answer; whether there may be more to do. */
    private boolean answer(boolean last) {
        if (afterMarker) {
            int blank = leadingSpace();
            if (blank > 0) {
                lineBlank |= held.substring(0, blank).contains("\n");
                out.add(new ReplyPart.Markup(take(blank)));
            }
            if (held.isEmpty()) {
                return false;
            }
        }
        Found found = markers.find(held, last, mayThink, afterMarker, lineBlank);
        int end = found == null ? held.length() : found.at();
        int space = last && found == null ? end : withoutTrailingSpace(end);
        if (space > 0) {
            afterMarker = false;
            emit(take(space));
            return true;
        }
        if (found == null || !found.whole()) {
            return false;
        }
        String blank = take(end);
        lineBlank |= blank.contains("\n");
        if (found.block() != null) {
            block = found.block();
            before = blank;
            held.delete(0, found.length() - found.block().kept().length());
            scanner = new ValueScanner();
            searched = 0;
            state = State.CALL;
        } else {
            state = found.thinking() ? State.THOUGHT : State.ANSWER;
            mark(blank + take(found.length()));
        }
        return true;
    }

    /** At the beginning of a thought that the prompt opened: some models open it once more. */
    private boolean beginThought(boolean last) {
        int blank = leadingSpace();
        int opened = Markers.matched(held, blank, thinking.open());
        if (opened == thinking.open().length()) {
            mark(take(blank + opened));
        } else if (blank + opened == held.length() && !last) {
            return false;
        }
        state = State.THOUGHT;
        afterMarker = true;
        return true;
    }

    private boolean thought(boolean last) {
        if (afterMarker) {
            int blank = leadingSpace();
            if (blank > 0) {
                out.add(new ReplyPart.Markup(take(blank)));
            }
            afterMarker = held.isEmpty();
        }
        int close = held.indexOf(thinking.close());
        int opening = -1;
        int kept = beginning(held, thinking.close());
        for (String open : callOpenings) {
            int found = held.indexOf(open);
            if (found >= 0 && (opening < 0 || found < opening)) {
                opening = found;
            }
            kept = Math.max(kept, beginning(held, open));
        }
        if (opening >= 0 && (close < 0 || opening < close)) {
            int space = withoutTrailingSpace(opening);
            if (space > 0) {
                out.add(new ReplyPart.Thought(take(space)));
            }
            state = State.ANSWER;
            afterMarker = false;
            return true;
        }
        int end = close >= 0 ? close : last ? held.length() : held.length() - kept;
        int space = close < 0 && last ? end : withoutTrailingSpace(end);
        if (space > 0) {
            out.add(new ReplyPart.Thought(take(space)));
        }
        if (close >= 0) {
            mark(take(close - space + thinking.close().length()));
            state = State.ANSWER;
            lineBlank = true;
            return true;
        }
        return false;
    }

    private boolean call(boolean last) {
        Block reading = block;
        if (reading == null) {
            throw new IllegalStateException("no call is being read");
        }
        Matcher start = reading.syntax().start().matcher(held);
        boolean begun = start.lookingAt();
        if (!begun && (last || !start.hitEnd())) {
            reject(reading);
            return true;
        }
        int end = begun ? end(reading, start.end()) : -1;
        if (end < 0 && !last) {
            return false;
        }
        String close = reading.close();
        int bodyEnd = end >= 0 ? end : held.length() - beginning(held, close);
        String body = held.substring(0, bodyEnd);
        List<ToolCall> made = calls.read(reading.syntax(), body, reading.bare());
        if (end < 0 && !reading.syntax().hasValues(held)) {
            // Without its end it may lack arguments.
            made = List.of();
        } else if (end < 0 && made.isEmpty() && !close.isEmpty() && held.indexOf(close) >= 0) {
            // An open string has hidden the end.
            bodyEnd = held.indexOf(close);
            end = bodyEnd;
            made = calls.read(reading.syntax(), held.substring(0, bodyEnd), reading.bare());
        }
        if (made.isEmpty()) {
            reject(reading);
            return true;
        }
        int whole = end >= 0 ? bodyEnd + close.length() : held.length();
        out.add(new ReplyPart.Calls(made, before + opening(reading) + take(whole)));
        state = State.ANSWER;
        block = null;
        afterMarker = true;
        mayThink = true;
        lineBlank = true;
        return true;
    }

    /** Where the body of a call that has begun ends; −1 while it has not. */
    private int end(Block reading, int valuesAt) {
        if (reading.syntax().hasValues(held)) {
            return scanner.find(held, reading.close(), valuesAt);
        }
        int from = Math.max(0, searched - reading.close().length());
        searched = held.length();
        return held.indexOf(reading.close(), from);
    }

    /** What looked like a call is text: its marker at least. */
    private void reject(Block reading) {
        int shown = reading.kept().length();
        emit(before + opening(reading) + take(shown));
        afterMarker = false;
        state = State.ANSWER;
        block = null;
    }

    private static String opening(Block reading) {
        return reading.open()
                .substring(0, reading.open().length() - reading.kept().length());
    }

    private void emit(String text) {
        out.add(new ReplyPart.Answer(text));
        int line = text.lastIndexOf('\n');
        lineBlank = (line >= 0 || lineBlank) && text.substring(line + 1).isBlank();
        mayThink &= text.isBlank();
    }

    private void mark(String text) {
        if (!text.isEmpty()) {
            out.add(new ReplyPart.Markup(text));
        }
        afterMarker = true;
    }

    private String take(int length) {
        String taken = held.substring(0, length);
        held.delete(0, length);
        return taken;
    }

    private int leadingSpace() {
        int length = 0;
        while (length < held.length() && LiteralReader.isSpace(held.charAt(length))) {
            length++;
        }
        return length;
    }

    private int withoutTrailingSpace(int end) {
        int length = end;
        while (length > 0 && LiteralReader.isSpace(held.charAt(length - 1))) {
            length--;
        }
        return length;
    }

    /** The length of the longest end of {@code text} that begins {@code marker} and is not all of it. */
    private static int beginning(CharSequence text, String marker) {
        int length = Math.max(0, Math.min(text.length(), marker.length() - 1));
        while (length > 0
                && !marker.startsWith(
                        text.subSequence(text.length() - length, text.length()).toString())) {
            length--;
        }
        return length;
    }
}
