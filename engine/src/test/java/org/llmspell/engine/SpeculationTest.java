package org.llmspell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.engine.grammar.Grammar;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.Kernels;
import org.llmspell.testing.TestData;

/** Replies with guesses are those without, whatever is asked of them. On scalar kernels, which give a token the same logits in any pass, and on those that promise it. */
class SpeculationTest extends EngineTestBase {
    private static final int DRAFTS = EngineOptions.MOST_DRAFT_TOKENS;

    /** Replies of hardly more than two letters, so that guesses come true half of the time. */
    private static final Map<Integer, Double> TWO_LETTERS =
            Map.of(TinyModel.letter('a'), 9.0, TinyModel.letter('b'), 9.0, TinyModel.EOS, -1000.0);

    private Engine engine;
    private ModelLease model;

    @BeforeEach
    void open() throws InterruptedException {
        engine = new Engine(OPTIONS, KernelProvider.scalar(), () -> 1L << 30, true);
        model = engine.open(new TinyModel(5).contextLength(512).write(folder.resolve("tiny.gguf")), FOR_EVER);
    }

    @AfterEach
    void close() {
        model.close();
        engine.close();
    }

    /** Everything that a reader sees. */
    private record Reply(
            String text, List<Generation.TokenLogprob> tokens, FinishReason end, int generated, int accepted) {
        static Reply of(Generation generation) throws InterruptedException {
            try (generation) {
                StringBuilder text = new StringBuilder();
                List<Generation.TokenLogprob> tokens = new ArrayList<>();
                for (Generation.Chunk chunk = generation.next(); chunk != null; chunk = generation.next()) {
                    text.append(chunk.text());
                    tokens.addAll(chunk.tokens());
                }
                Generation.Summary summary = generation.summary();
                return new Reply(
                        text.toString(),
                        tokens,
                        summary.finishReason(),
                        summary.generatedTokens(),
                        summary.acceptedTokens());
            }
        }

        Reply withoutCounts() {
            return new Reply(text, tokens, end, generated, 0);
        }
    }

    private Generation start(int[] prompt, SamplingOptions options, @Nullable Grammar grammar, int drafts) {
        return model.generate(prompt, options, null, grammar, Set.of(), drafts);
    }

    /** The same phrase again and again. */
    private static int[] repetitive(int seed) {
        int[] phrase = prompt(seed, 13);
        int[] prompt = new int[60];
        for (int i = 0; i < prompt.length; i++) {
            prompt[i] = i == 0 ? TinyModel.BOS : phrase[1 + i % 12];
        }
        return prompt;
    }

    private static SamplingOptions sampled(long seed, double temperature, double repeat, double presence) {
        return new SamplingOptions(
                temperature,
                40,
                0.9,
                0,
                1,
                repeat,
                16,
                presence,
                0,
                OptionalLong.of(seed),
                List.of(),
                150,
                -1,
                ENDLESS);
    }

    private static SamplingOptions letters(long seed) {
        return Options.bias(sampled(seed, 0.5, 1, 0), TWO_LETTERS);
    }

    static Stream<SamplingOptions> options() {
        return Stream.of(
                endless(150),
                endless(1),
                endless(-1),
                Options.greedy(150),
                Options.logprobs(endless(60), 3),
                Options.stop(endless(150), "xq", "e", "ab"),
                Options.bias(endless(100), Map.of(TinyModel.EOS, 2.0)),
                Options.bias(endless(150), TWO_LETTERS),
                Options.bias(sampled(9, 0.4, 1, 0), TWO_LETTERS),
                Options.bias(Options.logprobs(sampled(8, 0.4, 1.1, 0), 2), TWO_LETTERS),
                Options.stop(Options.bias(sampled(7, 0.4, 1, 0), TWO_LETTERS), "abbabba"),
                sampled(1, 0.2, 1, 0),
                sampled(2, 0.7, 1.1, 0),
                sampled(3, 0.05, 1.3, 0.5),
                Options.random(4, 100));
    }

    @ParameterizedTest
    @MethodSource("options")
    void aReplyWithGuessesIsTheOneWithout(SamplingOptions options) throws InterruptedException {
        for (int seed = 0; seed < 4; seed++) {
            int[] prompt = repetitive(seed);
            Reply plain = Reply.of(start(prompt, options, null, 0));
            Reply guessed = Reply.of(start(prompt, options, null, DRAFTS));
            assertThat(guessed.withoutCounts()).isEqualTo(plain);
            assertThat(guessed.accepted).isLessThanOrEqualTo(guessed.generated);
        }
    }

    @Test
    void aTextThatRepeatsItselfIsMostlyGuessed() throws InterruptedException {
        SamplingOptions repeating = Options.bias(Options.greedy(200), Map.of(TinyModel.letter('a'), 100.0));
        Reply guessed = Reply.of(start(repetitive(1), repeating, null, DRAFTS));
        assertThat(guessed.text).isEqualTo("a".repeat(200));
        assertThat(guessed.accepted).isGreaterThan(130);
    }

    @Test
    void aGrammarHoldsForWhatWasGuessedToo() throws InterruptedException {
        Grammar grammar = Grammar.gbnf("root ::= (\"ab\" | \"ba\" | \"c\")+ \".\"");
        for (long seed = 0; seed < 6; seed++) {
            SamplingOptions options = Options.random(seed, 120);
            Reply plain = Reply.of(start(repetitive(2), options, grammar, 0));
            Reply guessed = Reply.of(start(repetitive(2), options, grammar, DRAFTS));
            assertThat(guessed.withoutCounts()).isEqualTo(plain);
            assertThat(guessed.text).matches("(ab|ba|c|a$|b$)*\\.?");
        }
    }

    @Test
    void repliesThatGuessAndRepliesThatDoNotShareTheirPasses() throws InterruptedException {
        List<Reply> alone = new ArrayList<>();
        List<Generation> together = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            alone.add(Reply.of(start(repetitive(i), letters(i), null, 0)));
        }
        for (int i = 0; i < 4; i++) {
            together.add(start(repetitive(i), letters(i), null, 3 * (i % 3)));
        }
        int accepted = 0;
        for (int i = 0; i < 4; i++) {
            Reply reply = Reply.of(together.get(i));
            assertThat(reply.withoutCounts()).isEqualTo(alone.get(i));
            accepted += reply.accepted;
        }
        assertThat(accepted).isPositive();
    }

    @Test
    void whatLaterPromptsFindInTheCacheHoldsNoWrongGuess() throws InterruptedException {
        for (int seed = 0; seed < 4; seed++) {
            int[] prompt = repetitive(seed);
            Reply first = Reply.of(start(prompt, letters(seed), null, DRAFTS));
            assertThat(first.accepted).isBetween(1, first.generated - 1);
            int[] reply = model.tokenizer().encode(first.text, false, false);
            int[] second = new int[prompt.length + Math.min(reply.length, 100)];
            System.arraycopy(prompt, 0, second, 0, prompt.length);
            System.arraycopy(reply, 0, second, prompt.length, second.length - prompt.length);
            Reply found = Reply.of(start(second, endless(60), null, DRAFTS));
            try (Engine fresh = new Engine(OPTIONS, KernelProvider.scalar(), () -> 1L << 30, false);
                    ModelLease same = fresh.open(folder.resolve("tiny.gguf"), FOR_EVER)) {
                Reply computed = Reply.of(same.generate(second, endless(60), null));
                assertThat(found.withoutCounts()).isEqualTo(computed);
            }
        }
    }

    @Test
    void modelsWithWindowsGuessAsWell() throws InterruptedException {
        try (ModelLease windows = engine.open(TestData.path("models/tiny_random/gemma2.gguf"), FOR_EVER)) {
            int[] prompt = new int[60];
            for (int i = 0; i < prompt.length; i++) {
                prompt[i] = 5 + i % 7;
            }
            SamplingOptions options = Options.greedy(60);
            Reply plain = Reply.of(windows.generate(prompt, options, null));
            Reply guessed = Reply.of(windows.generate(prompt, options, null, null, Set.of(), DRAFTS));
            assertThat(guessed.withoutCounts()).isEqualTo(plain);
            assertThat(guessed.accepted).isPositive();
        }
    }

    /** Formats whose products round; the matrices are large enough to be rounded, and all query heads share keys, or none do. */
    @ParameterizedTest
    @CsvSource({"Q8_0, 8, 8", "Q4_0, 8, 8", "Q4_K, 8, 8", "Q6_K, 8, 8", "Q8_0, 8, 2", "Q4_K, 8, 2"})
    void kernelsThatRoundGiveATokenTheSameLogitsAloneAndAmongGuesses(BlockFormat format, int heads, int keyValueHeads)
            throws Exception {
        Kernels best = KernelProvider.best();
        // AVX2 leaves attention to the Vector API, whose last bits change when it is compiled.
        assumeThat(best.name()).matches("(avx512|amx).*");
        ModelShape shape = ModelShape.builder()
                .layers(2)
                .embedding(1024)
                .heads(heads, keyValueHeads, 128)
                .feedForward(1024)
                .vocabulary(512)
                .context(512)
                .build();
        Path file = folder.resolve("rounded.gguf");
        SyntheticModel.llama(shape, WeightMix.uniform(format))
                .withVocabulary(SyntheticVocabulary.sentencePiece(shape.vocabulary()))
                .write(file);
        Map<Integer, Double> two = Map.of(300, 9.0, 301, 9.0, 2, -1000.0);
        int[] prompt = new int[60];
        for (int i = 0; i < prompt.length; i++) {
            prompt[i] = 300 + i * i % 5 % 2;
        }
        int accepted = 0;
        try (Engine fast = new Engine(OPTIONS, best, () -> 1L << 30, true);
                ModelLease rounded = fast.open(file, FOR_EVER)) {
            for (int seed = 0; seed < 3; seed++) {
                SamplingOptions options = Options.bias(Options.logprobs(sampled(seed, 0.5, 1, 0), 3), two);
                Reply plain = Reply.of(rounded.generate(prompt, options, null, null, Set.of(), 0));
                Reply guessed = Reply.of(rounded.generate(prompt, options, null, null, Set.of(), DRAFTS));
                assertThat(guessed.withoutCounts()).isEqualTo(plain);
                accepted += guessed.accepted;
            }
        }
        assertThat(accepted).isGreaterThan(50);
    }

    @Test
    void theEnginesDefaultCountsWhereARequestSaysNothing() throws InterruptedException {
        EngineOptions guessing = new EngineOptions(1, FOR_EVER, 2, null, EngineOptions.CacheType.F16, DRAFTS);
        Path file = folder.resolve("tiny.gguf");
        try (Engine other = new Engine(guessing, KernelProvider.scalar(), () -> 1L << 30, true);
                ModelLease same = other.open(file, FOR_EVER)) {
            assertThat(Reply.of(same.generate(repetitive(1), letters(1), null)).accepted)
                    .isPositive();
            assertThat(Reply.of(same.generate(repetitive(1), letters(1), null, null, Set.of(), 0)).accepted)
                    .isZero();
        }
    }

    @Test
    void moreGuessesThanAPassHoldsAreRefused() {
        for (int wrong : new int[] {-1, DRAFTS + 1}) {
            assertThatThrownBy(() -> start(repetitive(1), endless(2), null, wrong))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("allowed: 0 to 7");
        }
    }
}
