package org.llmspell.engine;

import java.util.Set;
import org.llmspell.engine.reply.ReplyReader;
import org.llmspell.engine.reply.ReplyShape;

/**
 * A conversation as one model is given it, and how to read what comes back.
 *
 * @param text the prompt
 * @param tokens the same as tokens, special tokens of the template parsed, those in the messages' texts not. Not copied.
 * @param markers control tokens that say what is thinking, call or answer, so that the reply's text must show them
 * @param shape how thinking and calls are written
 */
public record ChatPrompt(String text, int[] tokens, Set<Integer> markers, ReplyShape shape) {
    /** A reader for one reply. */
    public ReplyReader reader() {
        return shape.reader();
    }
}
