package org.llmspell.engine.tokenizer;

import java.util.List;
import java.util.Set;

/** Text to token ids and back, as one model's vocabulary defines it. Immutable and thread-safe. */
public interface Tokenizer {
    /** How many ids there are; they run from 0. */
    int vocabularySize();

    /**
     * Text to ids.
     *
     * @param addSpecial add the tokens that the model expects around a text (BOS, EOS), as its metadata says
     * @param parseSpecial read special tokens written out in {@code text}, such as {@code <|im_end|>}, as those tokens; false
     *     treats them as ordinary text, as user input must be
     */
    int[] encode(String text, boolean addSpecial, boolean parseSpecial);

    /**
     * The fragments as one text to ids: outside special tokens the borders between them make no difference, and BOS and EOS
     * are added at most once, also where a template wrote them.
     *
     * @param fragments what a template wrote, to be parsed, and what users wrote, which must not be
     * @param addSpecial as above
     */
    int[] encode(List<Fragment> fragments, boolean addSpecial);

    /** Ids to text; invalid UTF-8 becomes U+FFFD; control tokens are shown only if {@code special}. */
    String decode(int[] ids, boolean special);

    /** The bytes that a token adds to a text: none for control tokens. The caller must not change the array. */
    byte[] bytes(int id);

    /** The token as the vocabulary writes it, such as {@code ▁the}, {@code Ġthe} or {@code <0x0A>}. */
    String piece(int id);

    /** Whether the token is a control token, which is never shown. */
    boolean isControl(int id);

    /** The ids with a meaning of their own. */
    SpecialTokens specialTokens();

    /** A decoder for a token at a time that holds back bytes until they are whole characters. Not thread-safe. */
    default StreamDecoder streamDecoder() {
        return streamDecoder(Set.of());
    }

    /** {@link #streamDecoder()} that writes out the control tokens {@code shown}, as the vocabulary writes them. */
    StreamDecoder streamDecoder(Set<Integer> shown);
}
