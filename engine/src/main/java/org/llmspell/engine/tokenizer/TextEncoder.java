package org.llmspell.engine.tokenizer;

/** How one kind of vocabulary turns ordinary text into tokens and tokens into bytes. Immutable and thread-safe. */
sealed interface TextEncoder
        permits SentencePieceEncoder,
                BytePairEncoder,
                CharacterPairEncoder,
                WordPieceEncoder,
                UnigramEncoder,
                RwkvEncoder,
                PlamoEncoder {
    /**
     * Adds the tokens of {@code text}, in which special tokens are just text, to {@code ids}.
     *
     * @param afterSpecial whether the text begins the whole or follows a special token
     */
    void encode(String text, boolean afterSpecial, IdList ids);

    /** The bytes of text that a normal token's {@code piece} stands for. */
    byte[] bytes(String piece);

    /** Whether encoding puts a space before a text, which decoding must take away again. */
    boolean addsSpacePrefix();
}
