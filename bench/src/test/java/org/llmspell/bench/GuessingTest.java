package org.llmspell.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.engine.Engine;
import org.llmspell.engine.EngineOptions;
import org.llmspell.engine.ModelLease;
import org.llmspell.fixtures.SyntheticModel;
import picocli.CommandLine;

/** What {@code bench/guessing} computes and what it refuses; how long it takes is nobody's business here. */
class GuessingTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"4, 1, 4 4 4 4", "4, 0.5, 2 2 2 2", "4, 0, 0 0 0 0", "1, 0.5, 1 0 1 0", "7, 0.5, 4 3 4 3"})
    void theShareOfTrueGuessesIsSpreadEvenly(int guessed, double share, String expected) {
        assertThat(Arrays.stream(GuessCost.accepted(guessed, share, 4)).mapToObj(String::valueOf))
                .containsExactly(expected.split(" "));
    }

    /** A sequence of which only its length counts. */
    private static final class Recorded implements ModelLease.Passes {
        private final List<String> checked = new ArrayList<>();
        private int length;

        @Override
        public void begin(int[] past) {
            length = past.length;
        }

        @Override
        public void compute(int[] tokens) {
            throw new AssertionError("not a prompt");
        }

        @Override
        public void check(int[] tokens, int kept) {
            length += kept;
            checked.add(tokens.length + ":" + kept);
        }

        @Override
        public void close() {}
    }

    @Test
    void everyPassChecksItsGuessesAndKeepsThoseThatCountAsTrue() {
        Recorded passes = new Recorded();
        GuessCost cost = new GuessCost(passes, 100, 10, 4);

        assertThat(cost.tokensPerSecond(3, 0.5)).isPositive();
        assertThat(passes.checked).containsExactly("4:3", "4:2", "4:3", "4:2");
        assertThat(passes.length).isEqualTo(10 + 10);
        passes.checked.clear();
        assertThat(cost.tokensPerSecond(0, 0)).isPositive();
        assertThat(passes.checked).containsExactly("1:1", "1:1", "1:1", "1:1");
    }

    @Test
    void aReplyIsAsLongWithGuessesAsWithout() throws Exception {
        Path file = folder.resolve("model.gguf");
        SyntheticModel.tiny().write(file);
        try (Engine engine = new Engine(new EngineOptions(1, Duration.ZERO, 1, null));
                ModelLease model = engine.open(file, null)) {
            GuessedReply reply = new GuessedReply(model, "to be or not to be or not to be", 60);

            GuessedReply.Taken plain = reply.measure(0);
            GuessedReply.Taken guessed = reply.measure(4);

            assertThat(plain.guessed()).isZero();
            assertThat(guessed.guessed()).isPositive().isGreaterThanOrEqualTo(guessed.came());
            assertThat(guessed.tokens()).isEqualTo(plain.tokens());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--guesses=0", "--guesses=2,8", "--rounds=0", "--passes=1", "--depth=-1", "--reply=1"})
    void numbersOutOfRangeAreRefusedByName(String option) throws IOException {
        Path file = Files.createFile(folder.resolve("model.gguf"));
        StringWriter said = new StringWriter();

        int code = new CommandLine(new Guessing()).setErr(new PrintWriter(said)).execute(file.toString(), option);

        assertThat(code).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(said.toString().lines().findFirst().orElseThrow())
                .contains(option.substring(0, option.indexOf('=')));
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        Guessing guessing = new Guessing();
        new CommandLine(guessing).parseArgs(folder.resolve("none.gguf").toString());

        assertThatThrownBy(guessing::call)
                .isInstanceOf(BenchException.class)
                .hasMessage("no such file: " + folder.resolve("none.gguf"));
    }
}
