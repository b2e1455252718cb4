package org.llmspell.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.llmspell.engine.EngineException;

class SentencePieceEncoderTest {
    private static final SpecialTokens SPECIALS = new SpecialTokens(1, 2, -1, 0, -1, true, false, Set.of(2));

    private static Tokenizer tokenizer(TinyVocabulary vocabulary) {
        return Tokenizers.sentencePiece(vocabulary.build(), SPECIALS, true);
    }

    private static Tokenizer withoutPrefix(TinyVocabulary vocabulary) {
        return Tokenizers.sentencePiece(vocabulary.build(), SPECIALS, false);
    }

    private static List<String> encode(Tokenizer tokenizer, String text) {
        return TinyVocabulary.pieces(tokenizer, tokenizer.encode(text, false, false));
    }

    @Test
    void mergesTheBestScoredPairFirst() {
        TinyVocabulary vocabulary = TinyVocabulary.sentencePiece()
                .add("a", -9)
                .add("b", -9)
                .add("c", -9)
                .add("ab", -2)
                .add("bc", -1);
        assertThat(encode(withoutPrefix(vocabulary), "abc")).containsExactly("a", "bc");
    }

    @Test
    void mergesEqualScoresFromTheLeft() {
        TinyVocabulary vocabulary =
                TinyVocabulary.sentencePiece().add("a", -9).add("aa", -1).add("aaaa", -2);
        assertThat(encode(withoutPrefix(vocabulary), "aaaaaaa")).containsExactly("aaaa", "aa", "a");
    }

    @Test
    void ordersNegativeZeroAndPositiveScores() {
        TinyVocabulary vocabulary = TinyVocabulary.sentencePiece()
                .add("a", 0)
                .add("b", 0)
                .add("c", 0)
                .add("ab", -0.0f)
                .add("bc", 0.0f)
                .add("ca", 0.5f);
        assertThat(encode(withoutPrefix(vocabulary), "abc")).containsExactly("ab", "c");
        assertThat(encode(withoutPrefix(vocabulary), "abca")).containsExactly("ab", "ca");
    }

    @Test
    void growsMergesOnBothSides() {
        TinyVocabulary vocabulary = TinyVocabulary.sentencePiece()
                .add("▁", -9)
                .add("h", -9)
                .add("e", -9)
                .add("l", -9)
                .add("o", -9)
                .add("ll", -1)
                .add("ell", -2)
                .add("▁h", -3)
                .add("▁hell", -4)
                .add("▁hello", -5);
        assertThat(encode(tokenizer(vocabulary), "hello hell")).containsExactly("▁hello", "▁hell");
    }

    @Test
    void writesWhatIsNoPieceAsUtf8Bytes() {
        TinyVocabulary vocabulary = TinyVocabulary.sentencePiece().add("▁", -1);
        assertThat(encode(tokenizer(vocabulary), "é🦙"))
                .containsExactly("▁", "<0xC3>", "<0xA9>", "<0xF0>", "<0x9F>", "<0xA6>", "<0x99>");
    }

    @Test
    void writesRunsOfUnknownCharactersAsOneUnknownTokenWhereThereAreNoByteTokens() {
        TinyVocabulary vocabulary = new TinyVocabulary()
                .add("<unk>", TinyVocabulary.UNKNOWN, 0)
                .add("<s>", TinyVocabulary.CONTROL, 0)
                .add("</s>", TinyVocabulary.CONTROL, 0)
                .add("▁", -1)
                .add("a", -1);
        assertThat(encode(tokenizer(vocabulary), "aéüaß")).containsExactly("▁", "a", "<unk>", "a", "<unk>");
    }

    @Test
    void refusesAVocabularyThatCannotWriteEverything() {
        TinyVocabulary vocabulary = new TinyVocabulary().add("▁", -1).add("a", -1);
        Vocabulary built = vocabulary.build();
        assertThatThrownBy(() -> Tokenizers.sentencePiece(built, TinyVocabulary.NO_SPECIALS, true))
                .isInstanceOfSatisfying(
                        EngineException.class,
                        e -> assertThat(e.problem()).isEqualTo(EngineException.Problem.BROKEN_MODEL))
                .hasMessageContaining("256 of the 256 bytes");
    }

    @Test
    void putsASpaceBeforeTheTextAndAfterSpecialTokensOnly() {
        TinyVocabulary vocabulary =
                TinyVocabulary.sentencePiece().add("▁", -9).add("a", -9).add("▁a", -1);
        Tokenizer tokenizer = tokenizer(vocabulary);
        assertThat(TinyVocabulary.pieces(tokenizer, tokenizer.encode("a</s>a<s>", true, true)))
                .containsExactly("<s>", "▁a", "</s>", "▁a", "<s>");
        assertThat(encode(withoutPrefix(vocabulary), "a")).containsExactly("a");
        assertThat(tokenizer.encode("", false, false)).isEmpty();
    }

    @Test
    void neverMakesControlTokensOfText() {
        TinyVocabulary vocabulary = TinyVocabulary.sentencePiece()
                .add("<", -1)
                .add("s", -1)
                .add(">", -1)
                .add("<s", -1);
        assertThat(encode(withoutPrefix(vocabulary), "<s>")).containsExactly("<s", ">");
    }

    @Test
    void mergesAcrossSpacesWhereThePiecesDo() {
        TinyVocabulary vocabulary = TinyVocabulary.sentencePiece()
                .add("▁", -9)
                .add("a", -9)
                .add("▁a", -1)
                .add("▁a▁a", -2);
        assertThat(encode(tokenizer(vocabulary), "a a a")).containsExactly("▁a▁a", "▁a");
    }

    @Test
    void decodingTakesTheAddedSpaceAwayOnceAndAStreamKeepsIt() {
        Tokenizer tokenizer = tokenizer(
                TinyVocabulary.sentencePiece().add("▁", -9).add("a", -9).add("▁a", -1));
        int[] ids = tokenizer.encode(" a a", true, false);
        assertThat(tokenizer.decode(ids, false)).isEqualTo(" a a");
        assertThat(tokenizer.decode(new int[] {1, tokenizer.encode("a", false, false)[0]}, true))
                .isEqualTo("<s> a");
        StreamDecoder stream = tokenizer.streamDecoder();
        StringBuilder streamed = new StringBuilder();
        for (int id : ids) {
            streamed.append(stream.next(id));
        }
        assertThat(streamed.append(stream.finish())).hasToString("  a a");
    }

    @Test
    void decodesWhatItEncoded() {
        Tokenizer tokenizer = tokenizer(TinyVocabulary.sentencePiece()
                .add("▁", -9)
                .add("a", -9)
                .add("b", -9)
                .add("ab", -3)
                .add("▁▁", -2)
                .add("▁a", -1));
        Random random = new Random(1);
        for (int i = 0; i < 500; i++) {
            String text =
                    TinyVocabulary.randomText(random, 30).replace('c', ' ').replace('d', 'a');
            assertThat(tokenizer.decode(tokenizer.encode(text, true, false), false))
                    .isEqualTo(text.replace('▁', ' '));
        }
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aMegabyteWithoutSpacesDoesNotTakeQuadraticTime() {
        Tokenizer tokenizer = withoutPrefix(
                TinyVocabulary.sentencePiece().add("a", -9).add("aa", -1).add("aaaa", -2));
        assertThat(tokenizer.encode("a".repeat(1 << 20), false, false)).hasSize(1 << 18);
        assertThat(tokenizer.encode(" ".repeat(1 << 20), false, false)).hasSize(3 << 20);
    }
}
