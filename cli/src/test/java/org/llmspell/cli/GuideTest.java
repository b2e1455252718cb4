package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.local.ModelSpec;
import org.llmspell.testing.TestData;

/**
 * The user's guide, run as it is printed: every command and every script of it, with a model of 260,000 parameters
 * installed under the names it uses and no Ollama server. What needs the server must say so; all else must work.
 */
class GuideTest {
    private static final Pattern QUOTED = Pattern.compile("\"([^\"]+)\"");

    @TempDir
    Path home;

    private static Path guide() {
        return TestData.spec("local-llm-guide.md");
    }

    private Shell shell() {
        // A port that nothing listens on, whatever runs on this machine.
        return new Shell(home).with("OLLAMA_HOST", "127.0.0.1:9");
    }

    @BeforeEach
    void installModels() {
        String file = TestData.path("models/stories260K/stories260K-q8_0.gguf").toString();
        for (String name : List.of("tinyllama:Q4_K_M", "phi-2:Q4_K_M")) {
            assertThat(shell().run("model", "import", file, name).err()).doesNotContain("Error");
        }
    }

    static Stream<List<String>> commands() throws IOException {
        return Markdown.commands(guide()).stream()
                .filter(command -> !command.contains("MODEL:VARIANT@candle"))
                .distinct();
    }

    static Stream<String> scripts() throws IOException {
        return Markdown.blocks(guide(), "lua").stream()
                .filter(script -> !script.strip().matches("(?s)(--[^\n]*\\s+\"[^\"]+\"\\s*)+"));
    }

    @Test
    void theGuidesCommandsAndScriptsAreFound() throws IOException {
        assertThat(commands()).hasSizeGreaterThanOrEqualTo(10).contains(List.of("model", "list"));
        assertThat(scripts()).hasSizeGreaterThanOrEqualTo(9);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandWorksAsPrinted(List<String> command) {
        Shell.Outcome outcome = shell().run(command.toArray(String[]::new));

        if (needsServer(String.join(" ", command)) && !command.contains("status")) {
            assertThat(outcome.error()).startsWith("Error: ").contains("Ollama");
            assertThat(outcome.code()).isEqualTo(1);
            assertThat(outcome.out()).isEmpty();
        } else {
            assertThat(outcome.err()).doesNotContain("Error");
            assertThat(outcome.code()).isZero();
            assertThat(outcome.out()).isNotEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void everyScriptRunsAsPrinted(String script) throws IOException {
        Path file = Files.writeString(home.resolve("guide.lua"), script);

        Shell.Outcome outcome = shell().typing("hello\nexit\n").run("run", file.toString());

        if (needsServer(script)) {
            assertThat(outcome.error()).matches("Error: \\Q" + file + "\\E:\\d+: .*Ollama.*");
            assertThat(outcome.code()).isEqualTo(1);
        } else {
            assertThat(outcome.err()).isEmpty();
            assertThat(outcome.code()).isZero();
        }
    }

    private static boolean needsServer(String text) {
        return text.contains("@ollama") || text.contains("\"ollama\"") || text.contains("--backend ollama");
    }

    @Test
    void theEmbeddedQuickStartAnswers() throws IOException {
        String script =
                scripts().filter(text -> text.contains("haiku")).findFirst().orElseThrow();
        Path file = Files.writeString(home.resolve("haiku.lua"), script);

        assertThat(shell().run("run", file.toString()).out().strip()).hasSizeGreaterThan(20);
    }

    @Test
    void theInformationScriptPrintsWhatTheGuideShows() throws IOException {
        String script = scripts()
                .filter(text -> text.contains("=== Local LLM Status ==="))
                .findFirst()
                .orElseThrow();
        Path file = Files.writeString(home.resolve("status.lua"), script);

        assertThat(shell().run("run", file.toString()).out())
                .contains("ollama:\n  Running: false\n  Models: 0\n", "candle:\n  Ready: true\n  Models: 2\n")
                .contains("tinyllama:Q4_K_M (candle)\n  Size: 0 MB\n");
    }

    @Test
    void theConfigurationOfTheGuideIsAccepted() throws IOException {
        List<String> files = Markdown.blocks(guide(), "toml");
        Path file = Files.writeString(home.resolve("guide.toml"), String.join("\n", files));

        Shell.Outcome outcome = new Shell(home).run("config", "-c", file.toString());

        assertThat(files).hasSize(2);
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out())
                .contains("timeout = 30", "device = \"auto\"", home.resolve(".llmspell/models/candle") + "\"");
    }

    @Test
    void everyModelTheGuideWritesIsAModel() throws IOException {
        List<String> models = Markdown.blocks(guide(), "lua").stream()
                .flatMap(block -> QUOTED.matcher(block).results())
                .map((MatchResult match) -> match.group(1))
                .filter(text -> text.startsWith("local/"))
                .toList();

        assertThat(models)
                .isNotEmpty()
                .allSatisfy(model -> assertThat(ModelSpec.parse(model).full()).isEqualTo(model));
    }
}
