package org.llmspell.engine.tokenizer;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The kinds of tokenizer by the names that {@code tokenizer.ggml.model} gives them, with the special tokens that a file need
 * not name. Source: llama.cpp v0.5.0, src/llama-vocab.cpp.
 */
enum TokenizerKind {
    SENTENCE_PIECE("llama", 1, 2, 0, -1),
    BYTE_PAIR("gpt2", -1, -1, -1, -1),
    /** BERT's; its EOS is the separator. */
    WORD_PIECE("bert", 101, 102, 100, 0),
    UNIGRAM("t5", -1, 1, 2, 0),
    RWKV("rwkv", -1, -1, -1, -1),
    PLAMO("plamo2", 1, 2, 0, 3),
    GEMMA_PAIR("gemma4", -1, -1, -1, -1),
    /** BPE within words that white space separates. */
    WORD_PAIR("whitespace", -1, -1, -1, -1);

    private final String name;
    final int bos;
    final int eos;
    final int unknown;
    final int padding;

    TokenizerKind(String name, int bos, int eos, int unknown, int padding) {
        this.name = name;
        this.bos = bos;
        this.eos = eos;
        this.unknown = unknown;
        this.padding = padding;
    }

    static Optional<TokenizerKind> named(String name) {
        return Arrays.stream(values()).filter(kind -> kind.name.equals(name)).findFirst();
    }

    /** All names, for a message. */
    static String names() {
        return Arrays.stream(values()).map(kind -> "'" + kind.name + "'").collect(Collectors.joining(", "));
    }
}
