package org.llmspell.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.llmspell.engine.EngineException;

class BytePairEncoderTest {
    private static Tokenizer tokenizer(TinyVocabulary vocabulary, String pre, String... merges) {
        return Tokenizers.bytePair(vocabulary.build(), List.of(merges), pre, TinyVocabulary.NO_SPECIALS);
    }

    private static List<String> encode(Tokenizer tokenizer, String text) {
        return TinyVocabulary.pieces(tokenizer, tokenizer.encode(text, false, false));
    }

    @Test
    void mergesInTheOrderOfTheList() {
        TinyVocabulary vocabulary =
                TinyVocabulary.bytePair().add("bc", 0).add("ab", 0).add("abc", 0);
        assertThat(encode(tokenizer(vocabulary, "gpt-2", "b c", "a b"), "abc")).containsExactly("a", "bc");
        assertThat(encode(tokenizer(vocabulary, "gpt-2", "a b", "b c"), "abc")).containsExactly("ab", "c");
        assertThat(encode(tokenizer(vocabulary, "gpt-2", "b c", "a b", "a bc"), "abc"))
                .containsExactly("abc");
    }

    @Test
    void theFirstOfTwoEqualMergesCounts() {
        TinyVocabulary vocabulary = TinyVocabulary.bytePair().add("ab", 0).add("bc", 0);
        assertThat(encode(tokenizer(vocabulary, "gpt-2", "a b", "b c", "a b"), "abc"))
                .containsExactly("ab", "c");
    }

    @Test
    void mergesFromTheLeft() {
        TinyVocabulary vocabulary = TinyVocabulary.bytePair().add("aa", 0).add("aaaa", 0);
        assertThat(encode(tokenizer(vocabulary, "gpt-2", "a a", "aa aa"), "aaaaaaa"))
                .containsExactly("aaaa", "aa", "a");
    }

    @Test
    void mergesWithinPiecesOnly() {
        TinyVocabulary vocabulary = TinyVocabulary.bytePair().add("aĠ", 0).add("Ġa", 0);
        assertThat(encode(tokenizer(vocabulary, "gpt-2", "a Ġ", "Ġ a"), "a a")).containsExactly("a", "Ġa");
    }

    @Test
    void takesWholeWordsBeforeMergingWhereThePreTokenizerSaysSo() {
        TinyVocabulary vocabulary = TinyVocabulary.bytePair().add("ab", 0).add("abc", 0);
        assertThat(encode(tokenizer(vocabulary, "llama-bpe", "a b"), "abc")).containsExactly("abc");
        // Twice, since the second time the answer for the whole word is remembered.
        assertThat(encode(tokenizer(vocabulary, "gpt-2", "a b"), "abc\nabc"))
                .containsExactly("ab", "c", "Ċ", "ab", "c");
    }

    @Test
    void findsTheMergedTokenWhereverItIsInTheVocabulary() {
        TinyVocabulary vocabulary = TinyVocabulary.bytePair()
                .add("ab", 0)
                .add("xd", 0)
                .add("cy", 0)
                .add("cd", 0)
                .add("ce", 0);
        // After the merge of ab, the next token is xd, but the next merge cd; after that of xd, they are cy and ce.
        Tokenizer tokenizer = tokenizer(vocabulary, "gpt-2", "a b", "c d", "x d", "c e", "c y");
        assertThat(encode(tokenizer, "abcdxdcecy")).containsExactly("ab", "cd", "xd", "ce", "cy");
    }

    @Test
    void mergesThroughTextsThatAreNoTokens() {
        TinyVocabulary vocabulary = TinyVocabulary.bytePair().add("abc", 0);
        Tokenizer tokenizer = tokenizer(vocabulary, "gpt-2", "a b", "ab c");
        assertThat(encode(tokenizer, "abc")).containsExactly("abc");
        assertThat(encode(tokenizer, "abd")).containsExactly("a", "b", "d");
    }

    @Test
    void neverMakesControlTokensOfText() {
        TinyVocabulary vocabulary = TinyVocabulary.bytePair().add("stop", TinyVocabulary.CONTROL, 0);
        assertThat(encode(tokenizer(vocabulary, "llama-bpe"), "stop")).containsExactly("s", "t", "o", "p");
    }

    @Test
    void writesUnpairedSurrogatesAsTheReplacementCharacter() {
        Tokenizer tokenizer = tokenizer(TinyVocabulary.bytePair(), "gpt-2");
        assertThat(tokenizer.decode(tokenizer.encode("a\uD83Eb\uDD99", false, false), false))
                .isEqualTo("a\uFFFDb\uFFFD");
    }

    @Test
    void decodesWhatItEncoded() {
        TinyVocabulary vocabulary =
                TinyVocabulary.bytePair().add("ab", 0).add("Ġa", 0).add("ð", 0);
        Tokenizer tokenizer = tokenizer(vocabulary, "llama-bpe", "a b", "Ġ a");
        Random random = new Random(2);
        for (int i = 0; i < 1000; i++) {
            String text =
                    TinyVocabulary.randomText(random, 40).replace('c', ' ').replace('d', 'a');
            assertThat(tokenizer.decode(tokenizer.encode(text, false, false), false))
                    .isEqualTo(text);
        }
    }

    @Test
    void writesMissingBytesAsTheUnknownToken() {
        TinyVocabulary vocabulary = new TinyVocabulary().add("a", 0).add("<unk>", TinyVocabulary.UNKNOWN, 0);
        Tokenizer tokenizer = Tokenizers.bytePair(
                vocabulary.build(), List.of(), "gpt-2", new SpecialTokens(-1, -1, -1, 1, -1, false, false, Set.of()));
        assertThat(encode(tokenizer, "aéa")).containsExactly("a", "<unk>", "<unk>", "a");
    }

    @Test
    void refusesAnAlphabetWithoutTheBytesOfOrdinaryText() {
        Vocabulary vocabulary = new TinyVocabulary().add("a", 0).add("b", 0).build();
        assertThatThrownBy(() -> Tokenizers.bytePair(vocabulary, List.of(), "gpt-2", TinyVocabulary.NO_SPECIALS))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("no unknown token")
                .hasMessageContaining("0x09");
    }

    @Test
    void refusesMergesThatAreNotTwoParts() {
        for (String merge : List.of("ab", "a b c", "a ", " ", "", "a  b")) {
            assertThatThrownBy(() -> tokenizer(TinyVocabulary.bytePair(), "gpt-2", "a b", merge))
                    .as("'%s'", merge)
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("merges[1]");
        }
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aMegabyteInOnePieceDoesNotTakeQuadraticTime() {
        TinyVocabulary vocabulary = TinyVocabulary.bytePair().add("aa", 0).add("aaaa", 0);
        Tokenizer tokenizer = tokenizer(vocabulary, "qwen2", "a a", "aa aa");
        assertThat(tokenizer.encode("a".repeat(1 << 20), false, false)).hasSize(1 << 18);
    }
}
