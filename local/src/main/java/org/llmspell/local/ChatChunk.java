package org.llmspell.local;

import java.util.List;
import org.llmspell.engine.ToolCall;

/**
 * A piece of a reply: of the answer, of the thinking before it, or calls.
 *
 * @param text the new text of the answer; never splits a character; may be empty if only something else is new
 * @param thinking new text of what the model thinks, which is no part of the answer; empty for none
 * @param toolCalls whole calls, as soon as they are; empty for none
 * @param logprobs of the tokens in this chunk, where they were asked for; else empty
 */
public record ChatChunk(String text, String thinking, List<ToolCall> toolCalls, List<TokenLogprob> logprobs) {
    public ChatChunk {
        toolCalls = List.copyOf(toolCalls);
    }

    /** A piece of an answer. */
    public ChatChunk(String text, List<TokenLogprob> logprobs) {
        this(text, "", List.of(), logprobs);
    }

    /**
     * A generated token.
     *
     * @param token its text
     * @param id in the vocabulary; −1 where the backend does not say
     * @param logprob natural logarithm of its probability
     * @param alternatives the likeliest tokens at that place, likeliest first; their own alternatives are empty
     */
    public record TokenLogprob(String token, int id, double logprob, List<TokenLogprob> alternatives) {}
}
