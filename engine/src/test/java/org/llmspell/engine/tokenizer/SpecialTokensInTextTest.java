package org.llmspell.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SpecialTokensInTextTest {
    private static final SpecialTokens SPECIALS = new SpecialTokens(256, 257, -1, -1, -1, true, true, Set.of());

    private static TinyVocabulary vocabulary() {
        return TinyVocabulary.bytePair()
                .add("<s>", TinyVocabulary.CONTROL, 0)
                .add("</s>", TinyVocabulary.CONTROL, 0)
                .add("<|a|>", TinyVocabulary.CONTROL, 0)
                .add("[user]", TinyVocabulary.USER_DEFINED, 0)
                .add("cd", 0);
    }

    private static Tokenizer tokenizer() {
        return Tokenizers.bytePair(vocabulary().build(), List.of("c d"), "gpt-2", SPECIALS);
    }

    private static List<String> encode(String text, boolean parse) {
        return TinyVocabulary.pieces(tokenizer(), tokenizer().encode(text, false, parse));
    }

    private static List<String> encode(Fragment... fragments) {
        return TinyVocabulary.pieces(tokenizer(), tokenizer().encode(List.of(fragments), true));
    }

    @Test
    void controlTokensAreReadOnlyIfAsked() {
        assertThat(encode("x<|a|>", true)).containsExactly("x", "<|a|>");
        assertThat(encode("x<|a|>", false)).containsExactly("x", "<", "|", "a", "|", ">");
    }

    @Test
    void userDefinedTokensAreReadAlways() {
        assertThat(encode("x[user]", false)).containsExactly("x", "[user]");
    }

    @Test
    void longerTokensAreFoundFirstWhereverTheyAre() {
        SpecialTokenMatcher matcher = new SpecialTokenMatcher(
                TinyVocabulary.bytePair()
                        .add("abc", TinyVocabulary.CONTROL, 0)
                        .add("cdef", TinyVocabulary.CONTROL, 0)
                        .build(),
                new BitSet(),
                new BitSet());
        assertThat(matcher.split("abcdefabc", everything(9)))
                .containsExactly(segment(0, 2, -1), segment(2, 6, 257), segment(6, 9, 256));
    }

    @Test
    void strippingTokensSwallowTheSpaceBesideThem() {
        BitSet left = new BitSet();
        left.set(256);
        BitSet right = new BitSet();
        right.set(257);
        SpecialTokenMatcher matcher = new SpecialTokenMatcher(
                TinyVocabulary.bytePair()
                        .add("<m>", TinyVocabulary.CONTROL, 0)
                        .add("<end>", TinyVocabulary.CONTROL, 0)
                        .build(),
                left,
                right);
        assertThat(matcher.split("a \t<m> b <end>\n c", everything(17)))
                .containsExactly(
                        segment(0, 1, -1),
                        segment(3, 6, 256),
                        segment(6, 9, -1),
                        segment(9, 14, 257),
                        segment(16, 17, -1));
        assertThat(matcher.split("  <m><end>  ", everything(12)))
                .containsExactly(segment(2, 5, 256), segment(5, 10, 257));
    }

    @Test
    void veryLongTokensAreFoundToo() {
        String name = "<" + "x".repeat(5000) + ">";
        SpecialTokenMatcher matcher = new SpecialTokenMatcher(
                TinyVocabulary.bytePair().add(name, TinyVocabulary.CONTROL, 0).build(), new BitSet(), new BitSet());
        assertThat(matcher.split("a" + name, everything(5003)))
                .containsExactly(segment(0, 1, -1), segment(1, 5003, 256));
    }

    @Test
    void fragmentsParseWhatTheTemplateWroteAndNotWhatTheUserWrote() {
        assertThat(encode(new Fragment("<|a|>", true), new Fragment("<|a|>", false), new Fragment("<|a|>", true)))
                .containsExactly("<s>", "<|a|>", "<", "|", "a", "|", ">", "<|a|>", "</s>");
    }

    @Test
    void aUserCannotFinishATokenThatTheTemplateBegan() {
        assertThat(encode(new Fragment("<|", true), new Fragment("a|>", false)))
                .containsExactly("<s>", "<", "|", "a", "|", ">", "</s>");
        assertThat(encode(new Fragment("<|", true), new Fragment("a|>", true))).containsExactly("<s>", "<|a|>", "</s>");
    }

    @Test
    void ordinaryTextMergesAcrossFragments() {
        assertThat(encode(new Fragment("c", true), new Fragment("d", false))).containsExactly("<s>", "cd", "</s>");
    }

    @Test
    void bosAndEosAreAddedAtMostOnce() {
        assertThat(encode(new Fragment("<s>", true), new Fragment("c", false), new Fragment("</s>", true)))
                .containsExactly("<s>", "c", "</s>");
        assertThat(encode(new Fragment("<s>", false))).containsExactly("<s>", "<", "s", ">", "</s>");
        assertThat(encode()).containsExactly("<s>", "</s>");
    }

    @Test
    void fragmentsOfTextWithoutSpecialTokensAreTheWholeText() {
        Tokenizer bytePair = tokenizer();
        Tokenizer sentencePiece = Tokenizers.sentencePiece(
                TinyVocabulary.sentencePiece()
                        .add("▁", -9)
                        .add("a", -9)
                        .add("▁a", -1)
                        .build(),
                new SpecialTokens(1, 2, -1, 0, -1, true, false, Set.of()),
                true);
        Random random = new Random(4);
        for (int i = 0; i < 500; i++) {
            List<Fragment> fragments = new ArrayList<>();
            StringBuilder whole = new StringBuilder();
            for (int k = random.nextInt(6); k > 0; k--) {
                String text =
                        TinyVocabulary.randomText(random, 8).replace('<', 'c').replace('[', 'd');
                fragments.add(new Fragment(text, random.nextBoolean()));
                whole.append(text);
            }
            for (Tokenizer tokenizer : List.of(bytePair, sentencePiece)) {
                assertThat(tokenizer.encode(fragments, true))
                        .isEqualTo(tokenizer.encode(whole.toString(), true, false));
            }
        }
    }

    @Test
    void controlTokensAreShownOnlyIfAsked() {
        Tokenizer tokenizer = tokenizer();
        int[] ids = tokenizer.encode("é<|a|>[user]", true, true);
        assertThat(tokenizer.decode(ids, true)).isEqualTo("<s>é<|a|>[user]</s>");
        assertThat(tokenizer.decode(ids, false)).isEqualTo("é[user]");
        assertThat(tokenizer.isControl(256)).isTrue();
        assertThat(tokenizer.isControl(259)).isFalse();
        assertThat(tokenizer.bytes(256)).isEmpty();
        assertThat(tokenizer.vocabularySize()).isEqualTo(261);
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void thousandsOfTokensAndAMegabyteOfTheirFirstCharacterDoNotTakeQuadraticTime() {
        TinyVocabulary vocabulary = TinyVocabulary.bytePair();
        for (int i = 0; i < 5000; i++) {
            vocabulary.add("[[[PAD" + i + "]", TinyVocabulary.USER_DEFINED, 0);
        }
        Tokenizer tokenizer = Tokenizers.bytePair(vocabulary.build(), List.of(), "gpt-2", TinyVocabulary.NO_SPECIALS);
        assertThat(tokenizer.encode("[".repeat(1 << 20), false, true)).hasSize(1 << 20);
    }

    private static BitSet everything(int length) {
        BitSet all = new BitSet();
        all.set(0, length);
        return all;
    }

    private static SpecialTokenMatcher.Segment segment(int from, int to, int id) {
        return new SpecialTokenMatcher.Segment(from, to, id);
    }
}
