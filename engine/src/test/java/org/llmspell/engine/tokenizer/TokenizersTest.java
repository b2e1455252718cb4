package org.llmspell.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.GgufType;
import org.llmspell.gguf.GgufValue;
import org.llmspell.gguf.GgufWriter;

/** What the keys of a GGUF file mean for the tokenizer, and what a broken or unknown file is told. */
class TokenizersTest {
    @TempDir
    Path folder;

    private Tokenizer open(GgufWriter writer) throws IOException {
        Path path = folder.resolve("vocab.gguf");
        writer.write(path);
        try (GgufFile file = GgufFile.open(path)) {
            return Tokenizers.from(file.metadata());
        }
    }

    private static GgufWriter file(String model, TinyVocabulary vocabulary) {
        return new GgufWriter()
                .put("general.architecture", "llama")
                .put("tokenizer.ggml.model", model)
                .put("tokenizer.ggml.tokens", GgufValue.strings(vocabulary.pieces()))
                .put("tokenizer.ggml.token_type", GgufValue.ints(vocabulary.types()));
    }

    private static GgufWriter sentencePiece(UnaryOperator<TinyVocabulary> more) {
        TinyVocabulary vocabulary = more.apply(
                TinyVocabulary.sentencePiece().add("▁", -9).add("a", -9).add("▁a", -1));
        return file("llama", vocabulary).put("tokenizer.ggml.scores", GgufValue.floats(vocabulary.scores()));
    }

    private static GgufWriter bytePair(UnaryOperator<TinyVocabulary> more, String... merges) {
        return file("gpt2", more.apply(TinyVocabulary.bytePair()))
                .put("tokenizer.ggml.merges", GgufValue.strings(List.of(merges)));
    }

    private static List<String> encode(Tokenizer tokenizer, String text) {
        return TinyVocabulary.pieces(tokenizer, tokenizer.encode(text, true, true));
    }

    @Test
    void sentencePieceBeginsWithBosAndASpaceUnlessTheFileSaysOtherwise() throws IOException {
        assertThat(encode(open(sentencePiece(v -> v)), "a")).containsExactly("<s>", "▁a");
        assertThat(encode(open(sentencePiece(v -> v).put("tokenizer.ggml.add_bos_token", false)), "a"))
                .containsExactly("▁a");
        assertThat(encode(open(sentencePiece(v -> v).put("tokenizer.ggml.add_eos_token", true)), "a"))
                .containsExactly("<s>", "▁a", "</s>");
        assertThat(encode(open(sentencePiece(v -> v).put("tokenizer.ggml.add_space_prefix", false)), "a"))
                .containsExactly("<s>", "a");
    }

    @Test
    void sentencePieceHasTheUsualSpecialTokensUnlessTheFileSaysOtherwise() throws IOException {
        SpecialTokens usual = open(sentencePiece(v -> v)).specialTokens();
        assertThat(usual).isEqualTo(new SpecialTokens(1, 2, -1, 0, -1, true, false, Set.of(2)));
        SpecialTokens told = open(sentencePiece(v -> v)
                        .put("tokenizer.ggml.bos_token_id", 2)
                        .put("tokenizer.ggml.eos_token_id", 1)
                        .put("tokenizer.ggml.eot_token_id", 7)
                        .put("tokenizer.ggml.eom_token_id", 8)
                        .put("tokenizer.ggml.padding_token_id", 9))
                .specialTokens();
        assertThat(told).isEqualTo(new SpecialTokens(2, 1, 7, 0, 9, true, false, Set.of(1, 2, 7, 8)));
    }

    @Test
    void bytePairAddsBosOnlyIfTheFileOrThePreTokenizerSaysSo() throws IOException {
        UnaryOperator<TinyVocabulary> bos = v -> v.add("<bos>", TinyVocabulary.CONTROL, 0);
        assertThat(encode(open(bytePair(bos).put("tokenizer.ggml.bos_token_id", 256)), "a"))
                .containsExactly("a");
        assertThat(encode(
                        open(bytePair(bos)
                                .put("tokenizer.ggml.bos_token_id", 256)
                                .put("tokenizer.ggml.pre", "llama-bpe")),
                        "a"))
                .containsExactly("<bos>", "a");
        assertThat(encode(
                        open(bytePair(bos)
                                .put("tokenizer.ggml.bos_token_id", 256)
                                .put("tokenizer.ggml.add_bos_token", true)),
                        "a"))
                .containsExactly("<bos>", "a");
        assertThat(encode(open(bytePair(bos).put("tokenizer.ggml.pre", "llama-bpe")), "a"))
                .containsExactly("a");
    }

    @Test
    void anIdOfMinusOneIsNone() throws IOException {
        Tokenizer tokenizer = open(sentencePiece(v -> v)
                .put("tokenizer.ggml.bos_token_id", GgufValue.uint32(0xFFFF_FFFFL))
                .put("tokenizer.ggml.eos_token_id", GgufValue.integer(GgufType.INT32, -1))
                .put("tokenizer.ggml.add_eos_token", true));
        assertThat(tokenizer.specialTokens().bos()).isEqualTo(-1);
        assertThat(encode(tokenizer, "a")).containsExactly("▁a");
    }

    @Test
    void generationEndsAtTokensKnownByName() throws IOException {
        Tokenizer tokenizer = open(bytePair(v -> v.add("<|endoftext|>", TinyVocabulary.CONTROL, 0)
                        .add("<|im_end|>", TinyVocabulary.NORMAL, 0)
                        .add("<|eom_id|>", TinyVocabulary.CONTROL, 0)
                        .add("<|other|>", TinyVocabulary.CONTROL, 0))
                .put("tokenizer.ggml.eos_token_id", 256));
        assertThat(tokenizer.specialTokens().eot()).isEqualTo(257);
        assertThat(tokenizer.specialTokens().endOfGeneration()).containsExactlyInAnyOrder(256, 257, 258);
        assertThat(tokenizer.isControl(257)).as("made a control token").isTrue();
        assertThat(encode(tokenizer, "<|im_end|>")).containsExactly("<|im_end|>");
    }

    @Test
    void theEndOfAMessagePartDoesNotEndGeneration() throws IOException {
        SpecialTokens harmony = open(bytePair(v -> v.add("<|end|>", TinyVocabulary.CONTROL, 0)
                        .add("<|return|>", TinyVocabulary.CONTROL, 0)
                        .add("<|call|>", TinyVocabulary.CONTROL, 0)))
                .specialTokens();
        assertThat(harmony.endOfGeneration()).containsExactlyInAnyOrder(257, 258);
        assertThat(harmony.eot()).isEqualTo(-1);
        SpecialTokens phi =
                open(bytePair(v -> v.add("<|end|>", TinyVocabulary.CONTROL, 0))).specialTokens();
        assertThat(phi.endOfGeneration()).containsExactly(256);
    }

    @Test
    void thePreTokenizerIsTheOneThatTheFileNames() throws IOException {
        String[] merges = {"1 2", "12 3", "123 4"};
        UnaryOperator<TinyVocabulary> numbers =
                v -> v.add("12", 0).add("123", 0).add("1234", 0);
        assertThat(encode(open(bytePair(numbers, merges).put("tokenizer.ggml.pre", "gpt-2")), "1234"))
                .containsExactly("1234");
        assertThat(encode(open(bytePair(numbers, merges).put("tokenizer.ggml.pre", "smollm")), "1234"))
                .containsExactly("1", "2", "3", "4");
        assertThat(encode(open(bytePair(numbers, merges)), "1234"))
                .as("default")
                .containsExactly("123", "4");
    }

    @Test
    void phi3TokensSwallowTheSpaceAfterThem() throws IOException {
        UnaryOperator<TinyVocabulary> user = v -> v.add("<|user|>", TinyVocabulary.CONTROL, 0);
        assertThat(encode(open(sentencePiece(user).put("general.name", "Phi-3 mini")), "<s> <|user|>\n a"))
                .containsExactly("<s>", "▁", "▁", "<|user|>", "▁a");
        assertThat(encode(open(sentencePiece(user)), "<|user|> a")).containsExactly("<s>", "<|user|>", "▁", "▁a");
    }

    @Test
    void unknownKindsAreNamedWithWhatIsKnown() {
        assertThatThrownBy(() -> open(file("frob", TinyVocabulary.bytePair())))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.UNSUPPORTED_MODEL))
                .hasMessageContaining("'frob'")
                .hasMessageContaining("'llama'")
                .hasMessageContaining("'gpt2'");
        assertThatThrownBy(() -> open(bytePair(v -> v).put("tokenizer.ggml.pre", "frob\n\"bpe")))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.UNSUPPORTED_MODEL))
                .hasMessageContaining("frob")
                .hasMessageContaining("llama-bpe, ")
                .hasMessageNotContaining("\n");
    }

    @Test
    void contradictionsAreBrokenModels() {
        assertBroken(new GgufWriter().put("general.architecture", "llama"), "tokenizer.ggml.model");
        assertBroken(new GgufWriter().put("tokenizer.ggml.model", "llama"), "tokenizer.ggml.tokens");
        assertBroken(file("llama", new TinyVocabulary()), "tokenizer.ggml.tokens");
        assertBroken(file("gpt2", TinyVocabulary.bytePair()), "tokenizer.ggml.merges");
        assertBroken(bytePair(v -> v).put("tokenizer.ggml.eos_token_id", 256), "eos_token_id", "256");
        assertBroken(sentencePiece(v -> v).put("tokenizer.ggml.bos_token_id", "1"), "bos_token_id", "type");
        assertBroken(sentencePiece(v -> v).put("tokenizer.ggml.scores", GgufValue.ints(1, 2)), "scores", "type");
        assertBroken(sentencePiece(v -> v).put("tokenizer.ggml.scores", GgufValue.floats(1, 2)), "scores", "262");
        assertBroken(sentencePiece(v -> v).put("tokenizer.ggml.token_type", GgufValue.ints(1, 2)), "token_type", "262");
        assertBroken(sentencePiece(v -> v.add("x", 7, 0)), "token_type", "7");
        assertBroken(sentencePiece(v -> v.add("x", -1, 0)), "token_type", "-1");
        assertBroken(sentencePiece(v -> v.add("x", 1, Float.NaN)), "scores[262]");
        for (String bad : List.of("<0xZZ>", "<0x-1>", "<0x", "<0x1>", "<0x001>", "0x00", "<0x١٢>")) {
            assertBroken(sentencePiece(v -> v.add(bad, TinyVocabulary.BYTE, 0)), "token 262", bad);
        }
    }

    @Test
    void lowerCaseByteTokensAreBytes() throws IOException {
        Tokenizer tokenizer = open(sentencePiece(v -> v.add("<0x0a>", TinyVocabulary.BYTE, 0)));
        assertThat(tokenizer.bytes(262)).containsExactly(10);
    }

    @Test
    void equalAndEmptyPiecesAreHarmless() throws IOException {
        Tokenizer tokenizer = open(sentencePiece(v -> {
            Collections.nCopies(3, "▁a").forEach(piece -> v.add(piece, -1));
            return v.add("", -1).add("", TinyVocabulary.CONTROL, 0).add("", TinyVocabulary.USER_DEFINED, 0);
        }));
        assertThat(tokenizer.encode("a", false, true)).containsExactly(261);
        assertThat(tokenizer.decode(new int[] {261, 262, 265}, true)).isEqualTo("a a");
    }

    private void assertBroken(GgufWriter writer, String... mentions) {
        assertThatThrownBy(() -> open(writer))
                .isInstanceOfSatisfying(EngineException.class, e -> {
                    assertThat(e.problem()).isEqualTo(Problem.BROKEN_MODEL);
                    assertThat(e.advice()).isNotEmpty();
                })
                .hasMessageContainingAll(mentions)
                .hasMessageNotContaining("\n");
    }
}
