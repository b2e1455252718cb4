package org.llmspell.engine.reply;

import java.util.List;
import org.llmspell.engine.ToolCall;

/** A piece of a reply. The sources of all parts, joined, are what the model wrote. */
public sealed interface ReplyPart {
    /** What the model wrote. */
    String source();

    /** Text of the answer. */
    record Answer(String source) implements ReplyPart {}

    /** Text that the model thought. */
    record Thought(String source) implements ReplyPart {}

    /** Whole calls, at least one. */
    record Calls(List<ToolCall> calls, String source) implements ReplyPart {}

    /** Markers, and the white space around them. */
    record Markup(String source) implements ReplyPart {}
}
