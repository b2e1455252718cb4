package org.llmspell.local;

import java.util.List;

/**
 * A piece of a reply.
 *
 * @param text the new text; never splits a character; may be empty if only log-probabilities are new
 * @param logprobs of the tokens in this chunk, where they were asked for; else empty
 */
public record ChatChunk(String text, List<TokenLogprob> logprobs) {
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
