package org.llmspell.local.candle;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.reply.ReplyPart;
import org.llmspell.local.ChatChunk;

/** Makes chunks of the parts of a reply, and keeps what it has come to so far. Not thread-safe. */
final class ReplyText {
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder thinking = new StringBuilder();
    private final List<ToolCall> calls = new ArrayList<>();

    /** The chunk of {@code parts}; null if there is nothing to say. */
    @Nullable
    ChatChunk piece(List<ReplyPart> parts, List<ChatChunk.TokenLogprob> logprobs) {
        int textBefore = text.length();
        int thinkingBefore = thinking.length();
        int callsBefore = calls.size();
        for (ReplyPart part : parts) {
            switch (part) {
                case ReplyPart.Answer answer -> text.append(answer.source());
                case ReplyPart.Thought thought -> thinking.append(thought.source());
                case ReplyPart.Calls made -> calls.addAll(made.calls());
                case ReplyPart.Markup markup -> {}
            }
        }
        boolean nothing = text.length() == textBefore
                && thinking.length() == thinkingBefore
                && calls.size() == callsBefore
                && logprobs.isEmpty();
        return nothing
                ? null
                : new ChatChunk(
                        text.substring(textBefore),
                        thinking.substring(thinkingBefore),
                        calls.subList(callsBefore, calls.size()),
                        logprobs);
    }

    String text() {
        return text.toString();
    }

    String thinking() {
        return thinking.toString();
    }

    List<ToolCall> toolCalls() {
        return calls;
    }
}
