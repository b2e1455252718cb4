package org.llmspell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.llmspell.engine.grammar.Grammar;
import org.llmspell.engine.grammar.schema.JsonSchema;
import tools.jackson.databind.json.JsonMapper;

/** Grammars in the engine: a model of random weights writes what they allow, alone and beside others. */
class ConstrainedGenerationTest extends EngineTestBase {
    private static final Grammar WORDS = Grammar.gbnf("root ::= [a-c]{3,8} (\"-\" [x-z]{2}){2} \".\"");
    private static final Grammar PERSON = JsonSchema.of(Map.of(
            "type",
            "object",
            "properties",
            Map.of("n", Map.of("type", "string", "maxLength", 5)),
            "required",
            List.of("n")));

    private Engine engine;
    private ModelLease model;

    @BeforeEach
    void open() throws InterruptedException {
        engine = engine(OPTIONS);
        model = engine.open(new TinyModel(1).write(folder.resolve("tiny.gguf")), null);
    }

    @AfterEach
    void close() {
        model.close();
        engine.close();
    }

    private record Reply(String text, Generation.Summary summary, List<Generation.TokenLogprob> tokens) {}

    private Reply reply(SamplingOptions options, @Nullable Grammar grammar) throws InterruptedException {
        return readAll(model.generate(prompt(3, 10), options, null, grammar, Set.of()));
    }

    private static Reply readAll(Generation started) throws InterruptedException {
        try (Generation generation = started) {
            StringBuilder text = new StringBuilder();
            List<Generation.TokenLogprob> tokens = new ArrayList<>();
            for (Generation.Chunk chunk = generation.next(); chunk != null; chunk = generation.next()) {
                text.append(chunk.text());
                tokens.addAll(chunk.tokens());
            }
            return new Reply(text.toString(), generation.summary(), tokens);
        }
    }

    @Test
    void repliesFollowTheGrammarAndEndWithIt() throws InterruptedException {
        for (int seed = 0; seed < 20; seed++) {
            Reply reply = reply(Options.random(seed, 100), WORDS);
            assertThat(reply.text).matches("[a-c]{3,8}(-[x-z]{2}){2}\\.");
            assertThat(reply.summary.finishReason()).isEqualTo(FinishReason.STOP);
        }
        assertThat(reply(Options.greedy(100), WORDS).text).matches("[a-c]{3,8}(-[x-z]{2}){2}\\.");
    }

    @Test
    void randomWeightsAlwaysWriteValidJson() throws InterruptedException {
        int whole = 0;
        for (int seed = 0; seed < 30; seed++) {
            SamplingOptions options = new SamplingOptions(
                    1, 40, 0.9, 0, 1, 1.1, 64, 0, 0, OptionalLong.of(seed), List.of(), 200, -1, Map.of());
            Reply reply = reply(seed % 2 == 0 ? options : Options.random(seed, 200), PERSON);
            assertThat(reply.summary.finishReason()).isEqualTo(FinishReason.STOP);
            String name = new JsonMapper().readTree(reply.text).path("n").asString();
            assertThat(name.codePointCount(0, name.length())).isLessThanOrEqualTo(5);
            whole++;
        }
        assertThat(whole).isEqualTo(30);
    }

    @Test
    void theEndTokenComesOnlyWhereTheGrammarMayEnd() throws InterruptedException {
        SamplingOptions eager = Options.bias(Options.greedy(50), Map.of(TinyModel.EOS, 1000.0));
        Reply reply = reply(eager, Grammar.gbnf("root ::= \"ab\" [c-z]*"));
        assertThat(reply.text).isEqualTo("ab");
        assertThat(reply.summary.finishReason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void aReplyCutByMaxTokensSaysSo() throws InterruptedException {
        Reply reply = reply(Options.greedy(3), Grammar.gbnf("root ::= [a-c]{10}"));
        assertThat(reply.text).hasSize(3);
        assertThat(reply.summary.finishReason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void theEmptyTextIsAReply() throws InterruptedException {
        Reply reply = reply(Options.greedy(5), Grammar.gbnf("root ::= \"\""));
        assertThat(reply.text).isEmpty();
        assertThat(reply.summary.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(reply.summary.generatedTokens()).isZero();
    }

    @Test
    void stopTextsPenaltiesAndLogprobsWorkBesideAGrammar() throws InterruptedException {
        Grammar grammar = Grammar.gbnf("root ::= [a-c]{20} \"-\" [x-z]{5}");
        assertThat(reply(Options.stop(Options.greedy(50), "-"), grammar).text).matches("[a-c]{20}");

        String penalized = reply(
                        new SamplingOptions(
                                0, 0, 1, 0, 1, 1, -1, 0, 2, OptionalLong.empty(), List.of(), 50, -1, Map.of()),
                        grammar)
                .text;
        assertThat(penalized).matches("[a-c]{20}-[x-z]{5}");
        assertThat(penalized)
                .as("the frequency penalty makes it change letters")
                .contains("a", "b", "c");

        Reply reply = reply(Options.logprobs(Options.greedy(50), 2), grammar);
        assertThat(reply.tokens).hasSize(reply.summary.generatedTokens());
        assertThat(String.join("", reply.tokens.stream().map(t -> t.text()).toList()))
                .isEqualTo(reply.text);
        assertThat(reply.tokens).as("of the model itself, before the grammar").allMatch(token -> token.logprob() < 0);
    }

    @Test
    void sequencesWithAndWithoutGrammarsRunTogether() throws InterruptedException {
        List<@Nullable Grammar> grammars = new ArrayList<>();
        grammars.add(null);
        grammars.addAll(List.of(WORDS, PERSON, WORDS));
        List<String> alone = new ArrayList<>();
        for (int i = 0; i < grammars.size(); i++) {
            alone.add(reply(Options.random(i, 60), grammars.get(i)).text);
        }
        List<Generation> together = new ArrayList<>();
        for (int i = 0; i < grammars.size(); i++) {
            together.add(model.generate(prompt(3, 10), Options.random(i, 60), null, grammars.get(i), Set.of()));
        }
        for (int i = 0; i < grammars.size(); i++) {
            assertThat(readAll(together.get(i)).text).isEqualTo(alone.get(i));
        }
    }

    @Test
    void aCharacterOfSeveralTokensIsWritten() throws InterruptedException {
        Reply reply = reply(Options.random(1, 100), Grammar.gbnf("root ::= [é日😀]{6}"));
        assertThat(reply.text).matches("[é日😀]{6}");
        assertThat(reply.summary.generatedTokens()).isEqualTo(reply.text.getBytes(StandardCharsets.UTF_8).length);
    }

    @Test
    void aGrammarThatIsTooLargeIsRefusedAtOnce() {
        Grammar large = Grammar.gbnf("root ::= [a-z]{90000} [b-z]{90000} [c-z]{90000} [d-z]{90000} [e-z]{90000}");
        assertThatThrownBy(() -> model.generate(prompt(1, 5), Options.greedy(5), null, large, Set.of()))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("too large");
    }

    @Test
    void aGrammarThatTurnsOutTooAmbiguousFailsItsOwnReplyAlone() throws InterruptedException {
        Grammar ambiguous = Grammar.gbnf("root ::= \"a\" (" + "[b-y]? ".repeat(100_000) + ") \"z\"");
        try (Generation failing = model.generate(prompt(1, 5), Options.greedy(5), null, ambiguous, Set.of())) {
            assertThatThrownBy(() -> read(failing))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("too ambiguous");
        }
        assertThat(reply(Options.greedy(100), WORDS).text).endsWith(".");
    }
}
