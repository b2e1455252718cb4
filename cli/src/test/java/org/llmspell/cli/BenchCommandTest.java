package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llmspell.cli.console.Cancellation;
import org.llmspell.cli.console.Screen;
import org.llmspell.fixtures.EncoderArchitecture;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.local.json.JsonText;

/** {@code bench} on the command line, with a tiny random model; what is computed is checked in the engine. */
class BenchCommandTest {
    @TempDir
    Path home;

    private Path model;

    @BeforeEach
    void writeModel() throws IOException {
        model = home.resolve("tiny.gguf");
        SyntheticModel.tiny().write(model);
    }

    private Shell.Outcome run(String... args) {
        return new Shell(home).run(args);
    }

    @Test
    void aRowForEachTestAtEachDepth() {
        Shell.Outcome outcome = run("bench", model.toString(), "--tests", "pp40,tg8,pp5@d100", "--repetitions", "3");

        assertThat(outcome.code()).isZero();
        List<String[]> rows =
                outcome.out().lines().map(line -> line.split(" +", -1)).toList();
        assertThat(rows.getFirst()).containsExactly("TEST", "DEPTH", "TOKENS/S", "LOWEST", "HIGHEST");
        assertThat(rows.subList(1, rows.size()).stream().map(row -> row[0] + " " + row[1]))
                .containsExactly("pp40 0", "tg8 0", "pp5 100", "pp40 2048", "tg8 2048");
        assertThat(rows.subList(1, rows.size()))
                .allSatisfy(row -> assertThat(Double.parseDouble(row[2]))
                        .isPositive()
                        .isBetween(Double.parseDouble(row[3]), Double.parseDouble(row[4])));
        assertThat(outcome.err()).startsWith("pp40: warming up and measuring\ntg8: ");
    }

    @Test
    void onATerminalOneLineTellsWhatIsDoneAndIsGoneAtTheEnd() {
        Shell.Outcome outcome = new Shell(home)
                .with(new Screen(false, true, 80, true))
                .run("bench", model.toString(), "--tests", "tg4", "--depth", "0", "--repetitions", "2");

        assertThat(outcome.err())
                .contains("\rtg4: 2 of 2")
                .endsWith("\r\u001b[K")
                .doesNotContain("\n");
    }

    @Test
    void jsonHasEveryRepetitionAndWhatItWasMeasuredWith() {
        Shell.Outcome outcome = run(
                "bench",
                model.toString(),
                "--tests",
                "tg8",
                "--depth",
                "16",
                "--repetitions",
                "4",
                "--threads",
                "1",
                "--output",
                "json");

        assertThat(JsonText.parse(outcome.out())).isInstanceOfSatisfying(Map.class, document -> {
            assertThat(document.get("model")).isEqualTo(model.toString());
            assertThat(((Number) document.get("bytes")).longValue())
                    .isEqualTo(model.toFile().length());
            assertThat(document.get("kernels")).isEqualTo(KernelProvider.best().name());
            assertThat(((Number) document.get("threads")).intValue()).isOne();
            assertThat((List<?>) document.get("tests")).singleElement().isInstanceOfSatisfying(Map.class, test -> {
                assertThat(test.get("test")).isEqualTo("tg8");
                assertThat(((Number) test.get("depth")).intValue()).isEqualTo(16);
                List<Double> samples = ((List<?>) test.get("samples"))
                        .stream()
                                .map(sample -> ((Number) sample).doubleValue())
                                .sorted()
                                .toList();
                assertThat(samples).hasSize(4);
                assertThat(((Number) test.get("lowest")).doubleValue()).isEqualTo(samples.getFirst());
                assertThat(((Number) test.get("highest")).doubleValue()).isEqualTo(samples.getLast());
                assertThat(((Number) test.get("tokens_per_second")).doubleValue())
                        .isEqualTo((samples.get(1) + samples.get(2)) / 2);
            });
        });
    }

    @Test
    void anInstalledModelIsFoundByItsName() {
        Shell shell = new Shell(home)
                .with("LLMSPELL_MODEL_DIR", home.resolve("models").toString());
        shell.run("model", "import", model.toString(), "mine:Q8_0");

        assertThat(shell.run("bench", "local/mine:Q8_0@candle", "--tests", "pp4", "--depth", "0")
                        .code())
                .isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bench | Missing required parameter: 'MODEL'",
                "bench m --tests pp512,fast | \"fast\" is no test; there are ppN and tgN, such as pp512 and tg128",
                "bench m --tests pp512@d5 --depth 7 | pp512@d5 has a depth of its own; leave out --depth or that",
                "bench m --depth -1 | --depth is \"-1\"; allowed: 0 to 4194304",
                "bench m --depth 1, | --depth is \"\"; allowed: 0 to 4194304",
                "bench m --threads 0 | --threads is 0; allowed: 1 to 4096",
                "bench m --repetitions 0 | --repetitions is 0; allowed: 1 to 10000",
                "bench m n | Unexpected argument \"n\"",
            })
    void wrongUsageIsSaidWithExitCodeTwo(String args, String message) {
        Shell.Outcome outcome = run(args.split(" "));

        assertThat(outcome.error()).isEqualTo("Error: " + message);
        assertThat(outcome.code()).isEqualTo(2);
    }

    @Test
    void whatCannotBeMeasuredSaysWhy() throws IOException {
        assertThat(run("bench", home.resolve("none.gguf").toString()))
                .satisfies(outcome -> assertThat(outcome.error()).contains("none.gguf"))
                .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(1));
        assertThat(run("bench", "llama3.1:8b@ollama").error()).contains("Only the embedded backend's files");
        assertThat(run("bench", model.toString(), "--tests", "pp4194304").error())
                .startsWith("Error: Failed to allocate tensor: a sequence of ");
        Path text = Files.writeString(home.resolve("text.gguf"), "hello");
        assertThat(run("bench", text.toString()).code()).isEqualTo(1);

        ModelShape shape = ModelShape.builder().heads(4, 4, 16).context(64).build();
        Path bert = home.resolve("bert.gguf");
        SyntheticModel.of(
                        EncoderArchitecture.of(EncoderArchitecture.Kind.BERT),
                        shape,
                        WeightMix.uniform(BlockFormat.F32))
                .withVocabulary(SyntheticVocabulary.sentencePiece(384))
                .write(bert);
        assertThat(run("bench", bert.toString()).error()).contains("The model only embeds texts");
    }

    @Test
    void ctrlCEndsIt() {
        assertThat(new Shell(home)
                        .watchedBy(Cancellation::cancel)
                        .run("bench", model.toString())
                        .code())
                .isEqualTo(130);
    }
}
