package org.llmspell.engine;

import java.util.Arrays;
import java.util.Set;
import org.llmspell.engine.reply.ReplyReader;
import org.llmspell.engine.reply.ReplyShape;
import org.llmspell.engine.tokenizer.Tokenizer;

/** A conversation as one model is given it, and how to read what comes back. Immutable and thread-safe. */
public final class ChatPrompt {
    private final String text;
    private final int[] tokens;
    private final Set<Integer> markers;
    private final ReplyShape shape;

    /**
     * A prompt.
     *
     * @param tokens the text as tokens, special tokens of the template parsed, those in the messages' texts not. Not copied.
     * @param markers control tokens that say what is thinking, call or answer
     * @param shape how thinking and calls are written
     */
    public ChatPrompt(String text, int[] tokens, Set<Integer> markers, ReplyShape shape) {
        this.text = text;
        this.tokens = tokens;
        this.markers = Set.copyOf(markers);
        this.shape = shape;
    }

    /** The prompt as text. */
    public String text() {
        return text;
    }

    /** The prompt as tokens. The caller must not change the array. */
    public int[] tokens() {
        return tokens;
    }

    /** Control tokens that the reply's text must show, so that {@link #reader} can tell its parts. */
    public Set<Integer> markers() {
        return markers;
    }

    /** How the reply is written. */
    public ReplyShape shape() {
        return shape;
    }

    /**
     * The same prompt led on to where the answer begins, without thoughts or calls before it: for a reply that has to have a
     * form from its first token on.
     *
     * @param tokenizer of the prompt's model
     */
    public ChatPrompt answerOnly(Tokenizer tokenizer) {
        String start = shape.answerStart();
        int[] more = start.isEmpty() ? new int[0] : tokenizer.encode(start, false, true);
        int[] all = Arrays.copyOf(tokens, tokens.length + more.length);
        System.arraycopy(more, 0, all, tokens.length, more.length);
        return new ChatPrompt(text + start, all, Set.of(), ReplyShape.PLAIN);
    }

    /** A reader for one reply. */
    public ReplyReader reader() {
        return shape.reader();
    }
}
