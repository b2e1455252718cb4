package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.cli.console.Screen;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.PullProgress;
import org.llmspell.local.json.JsonText;

/** What the model commands ask the backends, and how they show the answers. */
class ModelCommandsTest {
    @TempDir
    Path home;

    private final FakeModels models = new FakeModels();

    private Shell.Outcome run(String... args) {
        return new Shell(home).with(models).run(args);
    }

    @Test
    void listIsAnAlignedTable() {
        models.add("tinyllama:Q4_K_M", 668788096L, "Q4_K_M", Shell.NOW.minus(Duration.ofHours(3)));
        models.add("a", 5_000_000_000L, null, Shell.NOW.minus(Duration.ofDays(100)));

        assertThat(run("model", "list").out()).isEqualTo("""
                MODEL             BACKEND    SIZE  QUANTIZATION  MODIFIED
                tinyllama:Q4_K_M  candle   638 MB  Q4_K_M        3 hours ago
                a                 candle   4.7 GB  -             2025-11-21
                """);
    }

    @Test
    void listFitsTheTerminalByCuttingTheLongestNames() {
        models.add("x".repeat(90), 1, "F32", Shell.NOW);

        Shell.Outcome outcome = new Shell(home)
                .with(models)
                .with(new Screen(true, true, 60, false))
                .run("model", "list");

        assertThat(outcome.out().lines())
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(60));
        assertThat(outcome.out()).contains("x…", "1 byte");
        assertThat(run("model", "list").out()).contains("x".repeat(90));
    }

    @Test
    void headingsAreBoldOnlyOnATerminalThatShowsColour() {
        models.add("a", 1, "F32", Shell.NOW);

        assertThat(run("model", "list").out()).doesNotContain("\u001b");
        assertThat(new Shell(home)
                        .with(models)
                        .with(new Screen(true, true, 80, true))
                        .run("model", "list")
                        .out())
                .startsWith("\u001b[1mMODEL");
    }

    @Test
    void listAsJsonHasTheDocumentedFields() {
        models.add("tinyllama:Q4_K_M", 638, "Q4_K_M", Shell.NOW);

        assertThat(run("model", "list", "--output", "json").out())
                .isEqualTo("[{\"id\":\"tinyllama:Q4_K_M\",\"backend\":\"candle\",\"size_bytes\":638,"
                        + "\"quantization\":\"Q4_K_M\",\"modified_at\":\"2026-03-01T12:00:00Z\",\"shared\":false,"
                        + "\"built_in\":false}]\n");
    }

    @Test
    void anEmptyListSaysHowToGetAModelButNotOnStandardOutput() {
        Shell.Outcome outcome = run("model", "list");

        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).contains("llmspell model pull", "llmspell model import");
        assertThat(outcome.code()).isZero();
        assertThat(run("model", "list", "--output", "json").err()).isEmpty();
    }

    @Test
    void theModelThatIsBuiltInIsMarkedAndIsNotTakenForAnInstalledOne() {
        models.entries.add(new ModelEntry("apprentice", "candle", 3_400_000, "Q8_0", Shell.NOW, false, true));

        Shell.Outcome outcome = run("model", "list");

        assertThat(outcome.out()).isEqualTo("""
                MODEL       BACKEND    SIZE  QUANTIZATION  MODIFIED
                apprentice  candle   3.2 MB  Q8_0          built in
                """);
        assertThat(outcome.err()).contains("but the one that is built in", "llmspell model pull");
        assertThat(run("model", "list", "--output", "json").out()).contains("\"built_in\":true");
        models.add("a", 1, "F32", Shell.NOW);
        assertThat(run("model", "list").err()).isEmpty();
    }

    @Test
    void backendIsPassedOn() {
        run("model", "list", "--backend", "ollama");
        run("model", "status", "--backend", "candle");
        run("model", "list");
        run("model", "info", "x:y", "--backend", "Candle");

        assertThat(models.asked).containsExactly("list ollama", "status candle", "list null", "info local/x:y@candle");
    }

    @Test
    void aBackendThatContradictsTheModelIsAnError() {
        Shell.Outcome outcome = run("model", "info", "x@ollama", "--backend", "candle");

        assertThat(outcome.error()).isEqualTo("Error: The model says @ollama and --backend says candle");
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void infoShowsFactsAndClearsControlCharacters() {
        Shell.Outcome outcome = run("model", "info", "tinyllama:Q4_K_M@candle");

        assertThat(outcome.out()).isEqualTo("""
                Model:          tinyllama:Q4_K_M
                Backend:        candle
                Size:           638 MB (668788096 bytes)
                Format:         GGUF
                Architecture:   llama
                Quantization:   Q4_K_M
                Parameters:     1.1B (1100048384)
                Context length: 2048 tokens
                Loaded:         no
                File:           /models/x.gguf
                License:        apache-2.0\\u001b[31m
                """);
    }

    @Test
    void infoAsJsonHasTheDocumentedFields() {
        Object document = JsonText.parse(run("model", "info", "tinyllama:Q4_K_M@candle", "--output", "pretty")
                .out());

        assertThat(document)
                .isInstanceOfSatisfying(
                        Map.class,
                        fields -> assertThat(List.<Object>copyOf(fields.keySet()))
                                .contains(
                                        "id",
                                        "backend",
                                        "size_bytes",
                                        "format",
                                        "loaded",
                                        "parameter_count",
                                        "quantization"));
    }

    @Test
    void statusShowsEveryBackendAlsoOneThatIsDown() {
        Shell.Outcome outcome = run("model", "status");

        assertThat(outcome.code()).isZero();
        assertThat(outcome.out()).isEqualTo("""
                ollama:
                  Running: no
                  Models:  0
                  Error:   connection refused

                candle:
                  Ready:   yes
                  Models:  0
                  Version: 1.2
                  Kernels: scalar
                """);
        assertThat(run("model", "status", "--output", "json").out())
                .startsWith(
                        "{\"ollama\":{\"running\":false,\"models\":0,\"version\":null,\"error\":\"connection refused\"")
                .contains("\"candle\":{\"ready\":true,\"models\":0,\"version\":\"1.2\",\"error\":null");
    }

    @Test
    void pullReportsProgressOnStandardErrorAndTheResultOnStandardOutput() {
        for (int percent = 0; percent <= 100; percent++) {
            models.progress.add(new PullProgress("downloading", percent, percent * 6687880L, 668788096L));
        }
        models.progress.add(new PullProgress("success", 100, 668788096L, 668788096L));

        Shell.Outcome outcome = run("model", "pull", "tinyllama:Q4_K_M@candle", "--force");

        assertThat(models.asked).containsExactly("pull local/tinyllama:Q4_K_M@candle force");
        assertThat(outcome.err()).isEqualTo("""
                downloading 0%, 0 bytes of 638 MB
                downloading 100%, 638 MB of 638 MB
                success 100%, 638 MB of 638 MB
                """);
        assertThat(outcome.out()).isEqualTo("tinyllama:Q4_K_M is installed (638 MB)\n");
    }

    @Test
    void pullAsJsonIsAnObjectALineAndTheResultLast() {
        models.progress.add(new PullProgress("pulling manifest", 0, 0, 0));
        models.progress.add(new PullProgress("downloading", 0.1, 668788, 668788096L));
        models.progress.add(new PullProgress("downloading", 0.2, 1337576, 668788096L));
        models.progress.add(new PullProgress("downloading", 1, 6687880, 668788096L));

        Shell.Outcome outcome = run("model", "pull", "x:y@candle", "--output", "json");

        assertThat(outcome.out()).isEqualTo("""
                {"status":"pulling manifest","percent_complete":0.0,"bytes_downloaded":0,"bytes_total":0}
                {"status":"downloading","percent_complete":0.1,"bytes_downloaded":668788,"bytes_total":668788096}
                {"status":"downloading","percent_complete":1.0,"bytes_downloaded":6687880,"bytes_total":668788096}
                {"model_id":"x:y","status":"success","percent_complete":100.0,"bytes_downloaded":668788096,"bytes_total":668788096,"error":null}
                """);
        assertThat(outcome.err()).isEmpty();
    }

    @Test
    void pullPassesTheRevisionOn() {
        run("model", "pull", "x:y@candle", "--revision", "v1.0");

        assertThat(models.asked).containsExactly("pull local/x:y@candle at v1.0");
    }

    @Test
    void onATerminalProgressIsOneLineThatChanges() {
        models.progress.add(new PullProgress("downloading", 50, 334394048L, 668788096L));
        models.progress.add(new PullProgress("downloading", 100, 668788096L, 668788096L));

        Shell.Outcome outcome = new Shell(home)
                .with(models)
                .with(new Screen(true, true, 80, true))
                .run("model", "pull", "x:y@candle");

        assertThat(outcome.err())
                .isEqualTo("\rdownloading [############............]  50%  319 MB of 638 MB\u001b[K"
                        + "\rdownloading [########################] 100%  638 MB of 638 MB\u001b[K\n");
    }

    @Test
    void removeNamesWhatWentFromWhere() {
        assertThat(run("model", "remove", "x:y").out()).isEqualTo("x:y is removed from candle\n");
        assertThat(run("model", "remove", "x:y", "--output", "json").out())
                .isEqualTo("{\"id\":\"x:y\",\"backend\":\"candle\",\"status\":\"removed\"}\n");
        assertThat(models.asked).contains("remove local/x:y");
    }

    @Test
    void backendsAreClosedAtTheEnd() {
        run("model", "list");

        assertThat(models.closed).isTrue();
    }
}
