package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.json.JsonText;
import org.llmspell.testing.FakeFiles;
import org.llmspell.testing.FakeFiles.Fault;
import org.llmspell.testing.FakeOllama;

/** What {@code doctor} finds on a healthy machine, and on one where one thing is wrong. */
@Timeout(60)
class DoctorCommandTest {
    private final FakeFiles hub = new FakeFiles();
    private final FakeOllama ollama = new FakeOllama().with("llama3.1:8b", 1024);

    @TempDir
    Path home;

    private Shell shell = new Shell(Path.of("unused"));

    @BeforeEach
    void isHealthy() {
        hub.serve("/api/models", "[]".getBytes(StandardCharsets.UTF_8));
        hub.serve("/api/whoami-v2", "{}".getBytes(StandardCharsets.UTF_8));
        shell = new Shell(home).with("HF_ENDPOINT", hub.url("").toString()).with("OLLAMA_HOST", ollama.url());
    }

    @AfterEach
    void close() {
        hub.close();
        ollama.close();
    }

    private Path directory() {
        return home.resolve(".llmspell/models/candle");
    }

    private Shell.Outcome run() {
        return shell.run("doctor");
    }

    private static String line(Shell.Outcome outcome, String name) {
        return outcome.out()
                .lines()
                .filter(line -> line.matches("(ok|warn|fail) +" + name + " .*"))
                .findFirst()
                .orElse("");
    }

    @Test
    void aHealthyMachineHasALineForEachPlace() {
        Shell.Outcome outcome = run();

        assertThat(outcome.code()).isZero();
        assertThat(outcome.err()).isEmpty();
        assertThat(line(outcome, "java")).matches("ok    java    25.*, Vector API on");
        assertThat(line(outcome, "cpu")).contains(System.getProperty("os.arch"), "core");
        assertThat(line(outcome, "config")).isEqualTo("ok    config  no file: defaults and environment");
        assertThat(line(outcome, "candle")).contains("kernels ", "device cpu");
        assertThat(line(outcome, "models"))
                .startsWith("ok    models  " + directory() + ", which is made when the first model comes; ");
        assertThat(line(outcome, "ollama")).isEqualTo("ok    ollama  " + ollama.url() + ", version 0.33.0, 1 model");
        assertThat(line(outcome, "hub")).isEqualTo("ok    hub     " + hub.url("") + " answers");
        assertThat(line(outcome, "lua")).isEqualTo("ok    lua     Lua 5.4 runs");
        assertThat(directory()).doesNotExist();
    }

    @Test
    void withoutOllamaItSaysHowToStartItAndThatCandleWorksAllTheSame() {
        ollama.close();

        Shell.Outcome outcome = run();

        assertThat(line(outcome, "ollama"))
                .startsWith("warn  ollama  Failed to connect to Ollama server (" + ollama.url());
        assertThat(outcome.out()).contains("`ollama serve`", "OLLAMA_HOST");
        assertThat(outcome.code()).isZero();
    }

    @Test
    void withoutTheHubItNamesTheWaysAround() {
        hub.close();

        Shell.Outcome outcome = run();

        assertThat(line(outcome, "hub"))
                .isEqualTo("warn  hub     " + hub.url("") + " cannot be used: 127.0.0.1 cannot be reached");
        assertThat(outcome.out()).contains("HF_ENDPOINT", "HTTPS_PROXY", "llmspell model export");
        assertThat(outcome.code()).isZero();
    }

    @Test
    void offlineTheHubIsNotAsked() {
        shell.with("LLMSPELL_OFFLINE", "1");

        assertThat(line(run(), "hub")).isEqualTo("ok    hub     not asked: downloads are switched off");
        assertThat(hub.requests()).isEmpty();
    }

    @Test
    void aTokenThatTheHubRefusesIsSaid() {
        shell.with("HFHUB_API_KEY", "hf_old");
        assertThat(line(run(), "hub")).endsWith(" takes the token");
        assertThat(hub.requests().getLast().authorization()).isEqualTo("Bearer hf_old");

        hub.always("/api/whoami-v2", new Fault.Status(401, null));
        Shell.Outcome outcome = run();

        assertThat(line(outcome, "hub")).startsWith("warn  hub     ").contains(" does not take the token: ", "401");
        assertThat(outcome.out()).contains("HFHUB_API_KEY").doesNotContain("hf_old");
    }

    @Test
    void aBrokenConfigurationEndsWithOne() throws IOException {
        Path file = Files.createDirectories(home.resolve(".llmspell")).resolve("config.toml");
        Files.writeString(file, "[providers.candle]\nenabledd = true\n");

        Shell.Outcome outcome = run();

        assertThat(line(outcome, "config")).startsWith("fail  config  ").contains("enabledd");
        assertThat(outcome.out()).contains("              1. ");
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void aModelDirectoryThatIsAFileEndsWithOne() throws IOException {
        Files.createDirectories(directory().getParent());
        Files.writeString(directory(), "");

        Shell.Outcome outcome = run();

        assertThat(line(outcome, "models"))
                .isEqualTo("fail  models  The model directory " + directory() + " is not a directory");
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void aModelDirectoryThatCannotBeMadeEndsWithOne() throws IOException {
        Files.writeString(home.resolve(".llmspell"), "");

        Shell.Outcome outcome = run();

        assertThat(line(outcome, "models"))
                .isEqualTo("fail  models  " + directory() + " cannot be made in " + home.resolve(".llmspell"));
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void aDamagedModelIsNamed() throws IOException {
        Path file = Files.write(home.resolve("x.gguf"), FakeHub.model(home, 1));
        shell.run("model", "import", file.toString(), "mine:Q4_K_M");
        assertThat(line(run(), "models")).startsWith("ok    models  " + directory() + ": 1 model, ");
        Path installed = directory().resolve("mine/Q4_K_M/x.gguf");
        Files.write(installed, new byte[100]);

        Shell.Outcome outcome = run();

        assertThat(line(outcome, "models")).startsWith("warn  models  ").endsWith(", 1 problem");
        assertThat(outcome.out()).contains("1. " + installed + " has 100 bytes", "--force");
        assertThat(shell.run("model", "list", "--backend", "candle").err())
                .startsWith("warning CandleBackend: " + installed);
        assertThat(outcome.code()).isZero();
    }

    @Test
    void aDeviceThatIsNotThereEndsWithOne() {
        shell.with("LLMSPELL_DEVICE", "cuda");

        Shell.Outcome outcome = run();

        assertThat(line(outcome, "candle")).startsWith("fail  candle  device = \"cuda\" is not available");
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void backendsThatAreSwitchedOffAreNoProblem() throws IOException {
        Path file = Files.createDirectories(home.resolve(".llmspell")).resolve("config.toml");
        Files.writeString(file, "[providers.candle]\nenabled = false\n[providers.ollama]\nenabled = false\n");

        Shell.Outcome outcome = run();

        assertThat(line(outcome, "config")).isEqualTo("ok    config  " + file);
        assertThat(line(outcome, "candle")).isEqualTo("ok    candle  disabled in the configuration");
        assertThat(line(outcome, "ollama")).isEqualTo("ok    ollama  disabled in the configuration");
        assertThat(outcome.code()).isZero();
        assertThat(ollama.requests()).isEmpty();
    }

    @Test
    void jsonHoldsTheSame() {
        ollama.close();

        Map<String, ?> document =
                JsonText.parseObject(shell.run("doctor", "--output", "json").out());

        assertThat(document.get("ok")).isEqualTo(true);
        List<?> checks = (List<?>) Objects.requireNonNull(document.get("checks"));
        assertThat(checks).hasSize(8).anySatisfy(check -> {
            Map<?, ?> fields = (Map<?, ?>) check;
            assertThat(fields.get("name")).isEqualTo("ollama");
            assertThat(fields.get("status")).isEqualTo("warn");
            assertThat((List<?>) fields.get("solutions")).isNotEmpty();
        });
    }
}
