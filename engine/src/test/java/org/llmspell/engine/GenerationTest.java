package org.llmspell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.Generation.TokenLogprob;

class GenerationTest extends EngineTestBase {
    private Engine engine;
    private Path file;
    private ModelLease model;

    @BeforeEach
    void load() throws InterruptedException {
        engine = engine(OPTIONS);
        file = new TinyModel(1).write(folder.resolve("tiny.gguf"));
        model = engine.open(file, null);
    }

    @AfterEach
    void close() {
        model.close();
        engine.close();
    }

    @Test
    void theSummarySaysWhatItCost() throws InterruptedException {
        try (Generation generation = model.generate(prompt(3, 10), endless(20), null)) {
            assertThatThrownBy(generation::summary).isInstanceOf(IllegalStateException.class);
            assertThat(read(generation)).isNotEmpty();
            Generation.Summary summary = generation.summary();
            assertThat(summary.finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(summary.promptTokens()).isEqualTo(10);
            assertThat(summary.cachedTokens()).isZero();
            assertThat(summary.generatedTokens()).isEqualTo(20);
            assertThat(summary.timeToFirstToken()).isPositive().isLessThanOrEqualTo(summary.totalTime());
        }
    }

    @Test
    void anEndOfTextTokenEndsTheReplyAndIsNotShown() throws InterruptedException {
        SamplingOptions onlyEnd = Options.bias(Options.greedy(20), java.util.Map.of(TinyModel.EOS, 1000.0));
        try (Generation generation = model.generate(prompt(3, 10), onlyEnd, null)) {
            assertThat(read(generation)).isEmpty();
            assertThat(generation.summary().finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(generation.summary().generatedTokens()).isZero();
        }
    }

    @Test
    void aSecondTurnComputesOnlyWhatIsNewAndSaysTheSameAsWithoutTheCache() throws InterruptedException {
        int[] first = prompt(5, 80);
        int[] second = prompt(5, 150); // begins like the first
        String replyToFirst = reply(model, first, endless(30));
        String replyToSecond;
        try (Generation generation = model.generate(second, endless(30), null)) {
            replyToSecond = read(generation);
            assertThat(generation.summary().cachedTokens()).isEqualTo(64);
            assertThat(generation.summary().promptTokens()).isEqualTo(150);
        }
        assertThat(reply(model, first, endless(30))).isEqualTo(replyToFirst);
        try (Engine plain = engineWithoutSharing();
                ModelLease same = plain.open(file, null)) {
            assertThat(reply(same, first, endless(30))).isEqualTo(replyToFirst);
            try (Generation generation = same.generate(second, endless(30), null)) {
                assertThat(read(generation)).isEqualTo(replyToSecond);
                assertThat(generation.summary().cachedTokens()).isZero();
            }
        }
    }

    @Test
    void generationsAtOnceSayWhatEachSaysAlone() throws InterruptedException {
        List<String> alone = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            alone.add(reply(model, prompt(i, 20 + 30 * i), endless(40)));
        }
        try (Engine fresh = engine(OPTIONS);
                ModelLease same = fresh.open(file, null)) {
            List<Generation> together = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                together.add(same.generate(prompt(i, 20 + 30 * i), endless(40), null));
            }
            for (int i = 0; i < 6; i++) {
                assertThat(read(together.get(i))).isEqualTo(alone.get(i));
                together.get(i).close();
            }
        }
    }

    @Test
    void moreGenerationsThanRunAtOnceTakeTurns() throws InterruptedException {
        String alone = reply(model, prompt(2, 30), endless(10));
        List<Generation> many = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            many.add(model.generate(prompt(2, 30), endless(10), null));
        }
        for (Generation generation : many) {
            assertThat(read(generation)).isEqualTo(alone);
            generation.close();
        }
    }

    @Test
    void aSeedGivesTheSameTextWhateverElseRuns() throws InterruptedException {
        SamplingOptions seeded = Options.bias(Options.random(11, 40), ENDLESS);
        String alone = reply(model, prompt(4, 20), seeded);
        try (Generation other = model.generate(prompt(9, 50), Options.random(12, 100), null)) {
            assertThat(reply(model, prompt(4, 20), seeded)).isEqualTo(alone);
            assertThat(reply(model, prompt(4, 20), Options.bias(Options.random(13, 40), ENDLESS)))
                    .isNotEqualTo(alone);
            read(other);
        }
    }

    @Test
    void stopStringsEndTheReplyAndAreNotShown() throws InterruptedException {
        String whole = reply(model, prompt(6, 20), endless(60));
        String stop = whole.substring(20, 24);
        try (Generation generation = model.generate(prompt(6, 20), Options.stop(endless(60), stop), null)) {
            assertThat(read(generation)).isEqualTo(whole.substring(0, whole.indexOf(stop)));
            assertThat(generation.summary().finishReason()).isEqualTo(FinishReason.STOP);
        }
    }

    @Test
    void logprobsComeWithTheirTextAndAlternatives() throws InterruptedException {
        StringBuilder text = new StringBuilder();
        List<TokenLogprob> tokens = new ArrayList<>();
        try (Generation generation = model.generate(prompt(6, 20), Options.logprobs(Options.greedy(25), 3), null)) {
            for (Generation.Chunk chunk = generation.next(); chunk != null; chunk = generation.next()) {
                text.append(chunk.text());
                tokens.addAll(chunk.tokens());
            }
            assertThat(tokens).hasSize(generation.summary().generatedTokens());
        }
        for (TokenLogprob token : tokens) {
            assertThat(token.alternatives()).hasSize(3);
            assertThat(token.alternatives().getFirst().id()).as("greedy").isEqualTo(token.id());
            assertThat(token.alternatives().getFirst().logprob()).isCloseTo(token.logprob(), within(1e-9));
            assertThat(token.logprob()).isNegative();
        }
        int[] ids = tokens.stream().mapToInt(TokenLogprob::id).toArray();
        java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
        for (int id : ids) {
            bytes.writeBytes(model.tokenizer().bytes(id));
        }
        assertThat(text.toString()).isEqualTo(bytes.toString(StandardCharsets.UTF_8));
    }

    @Test
    void noTokensAreAskedForAndNoneCome() throws InterruptedException {
        try (Generation generation = model.generate(prompt(1, 5), Options.greedy(0), null)) {
            assertThat(read(generation)).isEmpty();
            assertThat(generation.summary().finishReason()).isEqualTo(FinishReason.LENGTH);
        }
    }

    @Test
    void theEndOfTheContextEndsTheReply() throws InterruptedException {
        try (Generation generation = model.generate(prompt(7, 100), endless(-1), null)) {
            read(generation);
            assertThat(generation.summary().finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(generation.summary().generatedTokens()).isEqualTo(256 - 100);
        }
        try (Generation generation = model.generate(prompt(7, 100), endless(-1), 128)) {
            read(generation);
            assertThat(generation.summary().generatedTokens()).isEqualTo(28);
        }
    }

    @Test
    void aPromptLongerThanTheContextIsRefusedWithBothNumbers() {
        assertThatThrownBy(() -> model.generate(prompt(1, 300), Options.greedy(1), null))
                .isInstanceOfSatisfying(EngineException.class, e -> {
                    assertThat(e.problem()).isEqualTo(Problem.CONTEXT_EXCEEDED);
                    assertThat(e.advice()).isNotEmpty();
                })
                .hasMessageContaining("300")
                .hasMessageContaining("256");
        assertThatThrownBy(() -> model.generate(prompt(1, 100), Options.greedy(1), 64))
                .isInstanceOfSatisfying(
                        EngineException.class,
                        e -> assertThat(e.advice().getFirst()).contains("256"))
                .hasMessageContaining("100")
                .hasMessageContaining("64");
        assertThatThrownBy(() -> model.generate(prompt(1, 256), Options.greedy(1), null))
                .hasMessageContaining("no room");
    }

    @Test
    void optionsAndPromptsOutOfRangeAreRefusedAtOnce() {
        assertThatThrownBy(() -> model.generate(prompt(1, 5), Options.temperature(3), null))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.INVALID_OPTION));
        assertThatThrownBy(() -> model.generate(new int[0], Options.greedy(1), null))
                .hasMessageContaining("empty");
        assertThatThrownBy(() -> model.generate(new int[] {TinyModel.VOCABULARY}, Options.greedy(1), null))
                .hasMessageContaining("vocabulary");
        assertThatThrownBy(() -> model.generate(prompt(1, 5), Options.greedy(1), 0))
                .hasMessageContaining("context length");
    }

    @Test
    void aFailingSequenceDoesNotHarmTheOthers() throws InterruptedException {
        Path poisoned = new TinyModel(1).poison(TinyModel.letter('z')).write(folder.resolve("poisoned.gguf"));
        try (ModelLease lease = engine.open(poisoned, null)) {
            int[] bad = {TinyModel.BOS, TinyModel.letter('a'), TinyModel.letter('z')};
            int[] good = {TinyModel.BOS, TinyModel.letter('a'), TinyModel.letter('b')};
            SamplingOptions noZ = Options.bias(
                    Options.greedy(30), java.util.Map.of(TinyModel.letter('z'), -1000.0, TinyModel.EOS, -1000.0));
            String alone = reply(lease, good, noZ);
            try (Generation failing = lease.generate(bad, noZ, null);
                    Generation fine = lease.generate(good, noZ, null)) {
                assertThatThrownBy(() -> read(failing))
                        .isInstanceOfSatisfying(
                                EngineException.class,
                                e -> assertThat(e.problem()).isEqualTo(Problem.BROKEN_MODEL))
                        .hasMessageContaining("NaN");
                assertThat(read(fine)).isEqualTo(alone);
            }
        }
    }

    @Test
    void writesOutTheControlTokensThatItIsAskedToShow() throws InterruptedException {
        SamplingOptions d = Options.greedy(3);
        SamplingOptions always = new SamplingOptions(
                0, 0, 1, 0, 1, 1, 0, 0, 0, d.seed(), List.of(), 3, -1, Map.of(TinyModel.BOS, 1000.0));
        for (Set<Integer> shown : List.of(Set.<Integer>of(), Set.of(TinyModel.BOS))) {
            StringBuilder text = new StringBuilder();
            try (Generation generation = model.generate(prompt(1, 5), always, null, null, shown)) {
                for (Generation.Chunk chunk = generation.next(); chunk != null; chunk = generation.next()) {
                    text.append(chunk.text());
                }
                assertThat(generation.summary().generatedTokens()).isEqualTo(3);
            }
            assertThat(text.toString()).isEqualTo(shown.isEmpty() ? "" : "<s><s><s>");
        }
    }
}
