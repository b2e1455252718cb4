package org.llmspell.engine.tokenizer;

import java.util.Set;

/**
 * The ids with a meaning of their own; −1 where the vocabulary has none.
 *
 * @param bos begins a text
 * @param eos ends a text
 * @param eot ends a turn of a chat
 * @param unknown stands for what the vocabulary cannot write
 * @param padding fills up batches
 * @param addBos whether encoding with {@code addSpecial} begins with {@code bos}
 * @param addEos whether encoding with {@code addSpecial} ends with {@code eos}
 * @param endOfGeneration all ids at which generation stops
 */
public record SpecialTokens(
        int bos,
        int eos,
        int eot,
        int unknown,
        int padding,
        boolean addBos,
        boolean addEos,
        Set<Integer> endOfGeneration) {}
