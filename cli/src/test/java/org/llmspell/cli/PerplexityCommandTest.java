package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.cli.console.Cancellation;
import org.llmspell.local.json.JsonText;
import org.llmspell.testing.TestData;

/** {@code perplexity} on the command line, with a small trained model; the figures themselves are checked in the engine. */
class PerplexityCommandTest {
    private static final String SENTENCE = "Once upon a time there was a little dog. It liked to play in the park. ";

    @TempDir
    Path home;

    private Path text;
    private String model;

    @BeforeEach
    void writeText() throws IOException {
        text = Files.writeString(home.resolve("text.txt"), SENTENCE.repeat(20) + "\n");
        model = TestData.path("models/stories260K/stories260K-f32.gguf").toString();
    }

    private Shell.Outcome run(String... args) {
        return new Shell(home).run(args);
    }

    @Test
    void estimatesRunOnStandardErrorAndTheLastIsTheResult() {
        Shell.Outcome outcome = run("perplexity", model, text.toString(), "--context-length", "64", "--chunks", "3");

        assertThat(outcome.out()).matches("Final estimate: PPL = \\d+\\.\\d{4} \\+/- \\d+\\.\\d{5}\n");
        assertThat(outcome.err()).matches("\\[1]\\d+\\.\\d{4},\\[2]\\d+\\.\\d{4},\\[3]\\d+\\.\\d{4},\n");
        assertThat(outcome.err().split("\\[3]", -1)[1].split(",", -1)[0])
                .isEqualTo(outcome.out().split(" ", -1)[4]);
        assertThat(outcome.code()).isZero();
    }

    @Test
    void jsonHasEveryCountedTokenFromWhichThePerplexityFollows() {
        Shell.Outcome outcome = run("perplexity", model, text.toString(), "--context-length", "32", "--output", "json");

        assertThat(JsonText.parse(outcome.out())).isInstanceOfSatisfying(Map.class, document -> {
            double sum = 0;
            int count = 0;
            for (Object chunk : (List<?>) document.get("chunks")) {
                Map<?, ?> fields = (Map<?, ?>) chunk;
                assertThat((List<?>) fields.get("ids")).hasSize(15);
                for (Object logProbability : (List<?>) fields.get("log_probabilities")) {
                    sum += ((Number) logProbability).doubleValue();
                    count++;
                }
            }
            assertThat(((Number) document.get("tokens_counted")).intValue()).isEqualTo(count);
            assertThat(((Number) document.get("perplexity")).doubleValue())
                    .isCloseTo(Math.exp(-sum / count), within(1e-9));
        });
    }

    @Test
    void theTextMayComeFromStandardInputAndItsLastLineEndDoesNotCount() {
        String[] args = {"perplexity", model, text.toString(), "--context-length", "64"};
        String[] typed = {"perplexity", model, "-", "--context-length", "64"};

        assertThat(new Shell(home).typing(SENTENCE.repeat(20)).run(typed).out())
                .isEqualTo(run(args).out());
    }

    @Test
    void aTextThatIsTooShortSaysSo() throws IOException {
        Files.writeString(text, "Once upon a time");

        Shell.Outcome outcome = run("perplexity", model, text.toString(), "--context-length", "64");

        assertThat(outcome.error()).isEqualTo("Error: The text has 5 tokens; with windows of 64 it needs at least 128");
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void whatCannotBeReadOrIsOutOfRangeSaysSo() {
        assertThat(run("perplexity", model, home.resolve("none.txt").toString()).error())
                .isEqualTo("Error: No such file: " + home.resolve("none.txt"));
        assertThat(run("perplexity", model, text.toString(), "--stride", "600").error())
                .contains("The stride is 600; allowed: 0 to 511");
        assertThat(run("perplexity", model, text.toString(), "--chunks", "x").code())
                .isEqualTo(2);
        assertThat(run("perplexity", "llama3.1:8b@ollama", text.toString()).error())
                .contains("Only the embedded backend's files");
    }

    @Test
    void ctrlCEndsIt() {
        assertThat(new Shell(home)
                        .watchedBy(Cancellation::cancel)
                        .run("perplexity", model, text.toString(), "--context-length", "64")
                        .code())
                .isEqualTo(130);
    }
}
