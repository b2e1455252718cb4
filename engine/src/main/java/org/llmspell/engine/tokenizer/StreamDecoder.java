package org.llmspell.engine.tokenizer;

/** Turns a stream of tokens into text, holding back bytes until they make whole UTF-8 characters. Not thread-safe. */
public interface StreamDecoder {
    /** The text that is complete after {@code id}; often a word, empty while a character is incomplete. */
    String next(int id);

    /** What is held back at the end, an incomplete character as U+FFFD. */
    String finish();
}
