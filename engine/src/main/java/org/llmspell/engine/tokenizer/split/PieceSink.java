package org.llmspell.engine.tokenizer.split;

/** Receives the pieces of a text, one after the other and without gaps. */
@FunctionalInterface
public interface PieceSink {
    /** A piece from code point {@code from} up to, not including, {@code to}. */
    void piece(int from, int to);
}
