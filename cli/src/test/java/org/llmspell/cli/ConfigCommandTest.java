package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llmspell.local.config.ConfigKey;

/** Where the configuration comes from, what the command shows of it, and its mistakes. */
class ConfigCommandTest {
    @TempDir
    Path home;

    private Path file(String name, String text) throws IOException {
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private Shell shell() {
        return new Shell(home);
    }

    @Test
    void whatIsShownIsTomlThatReadsBackTheSame() throws IOException {
        file(".llmspell/config.toml", """
                [providers.candle.options]
                device = "cpu"
                threads = 3
                keep_alive = "10m"
                [agent]
                temperature = 0.5
                stop = ["a", "\\"b\\""]
                logit_bias = { "5" = -1.5 }
                """);
        Shell.Outcome shown = shell().run("config");

        assertThat(shown.out())
                .startsWith("# " + home.resolve(".llmspell/config.toml") + "\n")
                .contains("[providers.candle.options]\n", "device = \"cpu\"\n", "threads = 3\n", "stop = [\"a\",");
        Path copy = file("copy.toml", shown.out());
        assertThat(shell().run("config", "-c", copy.toString()).out().lines().skip(1))
                .containsExactlyElementsOf(shown.out().lines().skip(1).toList());
    }

    @Test
    void theOptionWinsOverTheVariableAndThatOverTheHomeFolder() throws IOException {
        file(".llmspell/config.toml", "[providers.candle.options]\nthreads = 1\n");
        Path second = file("second.toml", "[providers.candle.options]\nthreads = 2\n");
        Path third = file("third.toml", "[providers.candle.options]\nthreads = 3\n");

        assertThat(shell().run("config").out()).contains("threads = 1\n");
        assertThat(shell().with("LLMSPELL_CONFIG", second.toString())
                        .run("config")
                        .out())
                .contains("threads = 2\n");
        assertThat(shell().with("LLMSPELL_CONFIG", second.toString())
                        .run("config", "--config", third.toString())
                        .out())
                .contains("threads = 3\n");
    }

    @Test
    void secretsAreMasked() throws IOException {
        file(".llmspell/config.toml", "[providers.candle.options]\nhf_api_key = \"hf_secret\"\n");

        assertThat(shell().run("config").out()).contains("hf_api_key = ").doesNotContain("hf_secret");
        assertThat(shell().run("config", "--output", "json").out()).doesNotContain("hf_secret");
    }

    @Test
    void everyKeyIsListedWithItsMeaning() {
        String text = shell().run("config", "--keys").out();
        String json = shell().run("config", "--keys", "--output", "json").out();

        assertThat(ConfigKey.ALL).isNotEmpty().allSatisfy(key -> {
            assertThat(text).contains(key.path(), key.meaning());
            assertThat(json).contains("\"key\":\"" + key.path() + "\"");
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[providers.candle.options]\\nthreads = 'many' | :2:1: providers.candle.options.threads must be",
                "[providers.candle.options]\\nthread = 1 | :2:1: unknown key \"thread\"",
                "[providers.candel]\\nenabled = true | unknown table \"candel\"",
                "[providers.candle | :1:",
                "[providers.candle.options]\\ndevice = 'gpu' | providers.candle.options.device must be",
            })
    void aMistakeInTheFileIsNamedWithItsPlace(String text, String part) throws IOException {
        Path file = file("bad.toml", text.replace("\\n", "\n"));

        Shell.Outcome outcome = shell().run("config", "-c", file.toString());

        assertThat(outcome.error()).startsWith("Error: " + file).contains(part);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void aFileThatIsNamedMustExist() {
        assertThat(shell().run("config", "-c", "nope.toml").error())
                .isEqualTo("Error: There is no configuration file nope.toml (named by --config)");
        assertThat(shell().with("LLMSPELL_CONFIG", "/nope.toml")
                        .run("model", "list")
                        .error())
                .isEqualTo("Error: There is no configuration file /nope.toml (named by LLMSPELL_CONFIG)");
    }

    @Test
    void aBrokenConfigurationDoesNotDisturbCommandsThatNeedNone() throws IOException {
        file(".llmspell/config.toml", "broken");

        assertThat(shell().run("version").code()).isZero();
        assertThat(shell().run("model", "list").code()).isEqualTo(1);
    }
}
