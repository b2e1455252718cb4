package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.cli.command.CommandTree;
import org.llmspell.cli.command.GlobalOptions;
import org.llmspell.local.config.Config;
import org.llmspell.local.config.ConfigKey;
import org.llmspell.testing.TestData;

/** The documents for users say what is so: every command in them is one, and every configuration key is described. */
class DocumentationTest {
    private static final Path DOCS = Path.of("../docs");

    @TempDir
    Path home;

    static Stream<Path> documents() throws IOException {
        try (Stream<Path> files = Files.walk(DOCS)) {
            return files.filter(file -> file.toString().endsWith(".md")).toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyCommandInADocumentIsUnderstood(Path document) throws IOException {
        for (List<String> command : Markdown.commands(document)) {
            assertThat(command)
                    .satisfies(words ->
                            CommandTree.parse(CommandTree.of(new GlobalOptions()), words.toArray(String[]::new)));
        }
    }

    @Test
    void commandsAreFoundInTheDocuments() throws IOException {
        assertThat(Markdown.commands(DOCS.resolve("getting-started.md"))).hasSizeGreaterThan(10);
        assertThat(Markdown.commands(DOCS.resolve("troubleshooting.md"))).contains(List.of("model", "status"));
    }

    @Test
    void everyConfigurationKeyHasItsRowWithDefaultAndVariables() throws IOException {
        Map<String, String> rows = new LinkedHashMap<>();
        Files.readAllLines(DOCS.resolve("configuration.md")).stream()
                .filter(line -> line.matches("\\| `(providers|server|agent)\\..*"))
                .forEach(line -> rows.put(line.split("`", -1)[1], line));

        assertThat(rows.keySet())
                .containsExactlyInAnyOrderElementsOf(
                        ConfigKey.documented().stream().map(ConfigKey::path).toList());
        for (ConfigKey key : ConfigKey.documented()) {
            List<String> cells = Arrays.asList(rows.get(key.path()).split("\\|"));
            assertThat(cells).as(key.path()).hasSize(6);
            key.environment().forEach(variable -> assertThat(cells.get(4)).contains("`" + variable + "`"));
            if (key.defaultValue() != null) {
                String number = String.valueOf(key.defaultValue()).replaceAll("\\.0$", "");
                assertThat(cells.get(3)).as(key.path()).contains(number);
            }
        }
    }

    @Test
    void theConfigurationFileInTheDocumentIsValid() throws IOException {
        List<String> files = Markdown.blocks(DOCS.resolve("configuration.md"), "toml");

        assertThat(files).isNotEmpty();
        for (String text : files) {
            Path file = Files.writeString(home.resolve("config.toml"), text);
            assertThat(Config.load(file, Map.of(), Map.of(), home).file()).isEqualTo(file);
        }
    }

    static Stream<String> scripts() throws IOException {
        return Markdown.blocks(DOCS.resolve("getting-started.md"), "lua").stream();
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void everyScriptInGettingStartedRuns(String script) throws IOException {
        Shell shell = new Shell(home).with("OLLAMA_HOST", "127.0.0.1:9");
        String model = TestData.path("models/stories260K/stories260K-q8_0.gguf").toString();
        shell.run("model", "import", model, "tinyllama:Q4_K_M");
        Path file = Files.writeString(home.resolve("script.lua"), script);

        Shell.Outcome outcome = shell.run("run", file.toString(), "--name", "Ada", "morning");

        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out()).isNotBlank();
        assertThat(outcome.code()).isZero();
    }
}
