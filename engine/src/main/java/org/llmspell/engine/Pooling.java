package org.llmspell.engine;

import java.util.Optional;

/** How the embedding of a text is made of those of its tokens. */
public enum Pooling {
    /** The average of all tokens. */
    MEAN,
    /** The first token's, which BERT calls CLS. */
    CLS,
    /** The last token's. */
    LAST,
    /** One embedding for each token. */
    NONE;

    /** llama.cpp's number of re-rankers in {@code pooling_type}. */
    static final int RANK = 4;

    /** What {@code pooling_type} 1 to 3 stands for. */
    static Optional<Pooling> ofNumber(int number) {
        return number >= 1 && number <= 3 ? Optional.of(values()[number - 1]) : Optional.empty();
    }
}
