package org.llmspell.engine.tokenizer;

/** What a token of the vocabulary is, as {@code tokenizer.ggml.token_type} numbers it from 1 (llama.cpp, include/llama.h). */
public enum TokenType {
    NORMAL,
    /** Stands for what the vocabulary cannot write. */
    UNKNOWN,
    /** Structures the input, such as BOS; never shown. */
    CONTROL,
    /** Found in any text before everything else. */
    USER_DEFINED,
    UNUSED,
    /** One byte of text, written {@code <0x0A>}. */
    BYTE;

    private static final TokenType[] VALUES = values();

    /** The type with the number {@code code}; 0 is undefined and shown as nothing, as an unused token is. */
    static TokenType of(int code) {
        if (code < 0 || code > VALUES.length) {
            throw BrokenVocabulary.because("tokenizer.ggml.token_type holds " + code + ", which is no token type");
        }
        return code == 0 ? UNUSED : VALUES[code - 1];
    }
}
