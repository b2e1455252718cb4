package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.testing.TestData;

/**
 * The user's guide, run as it is printed, while a server of Ollama's interface runs that has the guide's model {@code llama3.1:8b}
 * and can pull {@code mistral:7b}: every command and every script works. Which server that is, a subclass says.
 */
abstract class GuideOnServer {
    private static final int OLLAMAS_OWN_PORT = 11434;

    @TempDir
    Path home;

    /** Where the server is. */
    abstract String server();

    /** A regular expression of what its models reply to {@code prompt}. */
    abstract String reply(String prompt);

    /** The size of {@code llama3.1:8b} on the server. */
    abstract long modelBytes();

    /** Starts a second server, with the same models, at that port; what is returned ends it. */
    abstract Runnable serveAt(int port) throws IOException;

    /** A shell for which the server is the Ollama server. */
    final Shell shell() {
        return new Shell(home).with("OLLAMA_HOST", server());
    }

    @BeforeEach
    final void installModels() {
        String file = TestData.path("models/stories260K/stories260K-q8_0.gguf").toString();
        for (String name : List.of("tinyllama:Q4_K_M", "phi-2:Q4_K_M")) {
            assertThat(shell().run("model", "import", file, name).err()).doesNotContain("Error");
        }
    }

    static Stream<List<String>> commands() throws IOException {
        return GuideTest.commands();
    }

    static Stream<String> scripts() throws IOException {
        return GuideTest.scripts();
    }

    /** A file with the script of the guide that has {@code saying} in it. */
    final Path script(String saying) throws IOException {
        String text =
                scripts().filter(script -> script.contains(saying)).findFirst().orElseThrow();
        return Files.writeString(home.resolve("guide.lua"), text);
    }

    /** What that script prints. */
    private String printed(String saying) throws IOException {
        return shell().run("run", script(saying).toString()).out();
    }

    /** Models of the server, as the listing has them. */
    private long modelsOnServer() {
        return shell().run("model", "list", "--backend", "ollama")
                .out()
                .lines()
                .skip(1)
                .count();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandWorksAsPrinted(List<String> command) {
        Shell.Outcome outcome = shell().run(command.toArray(String[]::new));

        assertThat(outcome.err()).doesNotContain("Error");
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out()).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void everyScriptRunsAsPrinted(String text) throws IOException {
        Path file = Files.writeString(home.resolve("guide.lua"), text);

        Shell.Outcome outcome = shell().typing("hello\nexit\n").run("run", file.toString());

        assertThat(outcome.err()).doesNotContain("Error");
        assertThat(outcome.code()).isZero();
    }

    @Test
    void theQuickStartAnswers() throws IOException {
        assertThat(printed("Explain Rust ownership"))
                .matches("(?s)" + reply("Explain Rust ownership in one sentence") + "\n");
    }

    @Test
    void modelsOfBothBackendsAreListed() throws IOException {
        assertThat(printed("print(model.id, model.backend, model.size_bytes)").lines())
                .contains("llama3.1:8b\tollama\t" + modelBytes())
                .anyMatch(line -> line.matches("tinyllama:Q4_K_M\tcandle\t[1-9][0-9]*"))
                .anyMatch(line -> line.matches("phi-2:Q4_K_M\tcandle\t[1-9][0-9]*"));
        assertThat(shell().run("model", "list").out().lines())
                .anyMatch(line -> line.matches("llama3\\.1:8b +ollama .*"))
                .anyMatch(line -> line.matches("tinyllama:Q4_K_M +candle .*"));
        assertThat(shell().run("model", "list", "--backend", "ollama").out())
                .contains("llama3.1:8b")
                .doesNotContain("tinyllama");
    }

    @Test
    void theFactsOfAModelAreShown() throws IOException {
        assertThat(printed("LocalLLM.info("))
                .isEqualTo(
                        "Model:\tllama3.1:8b\nBackend:\tollama\nSize:\t" + modelBytes() + "\tbytes\nFormat:\tGGUF\n");
        assertThat(shell().run("model", "info", "llama3.1:8b@ollama").out())
                .contains("Backend:        ollama", "(" + modelBytes() + " bytes)");
    }

    @Test
    void theStatusIsThatOfBothBackends() throws IOException {
        assertThat(printed("Ollama running:"))
                .isEqualTo("Ollama running:\ttrue\nOllama models:\t" + modelsOnServer()
                        + "\nCandle ready:\ttrue\nCandle models:\t2\n");
        assertThat(shell().run("model", "status", "--backend", "ollama").out())
                .startsWith("ollama:\n  Running: yes\n  Models:  " + modelsOnServer() + "\n  Version: 0.33.0\n");
    }

    @Test
    void whatIsPulledIsThenOnTheServer() throws IOException {
        shell().run("model", "remove", "mistral:7b@ollama");
        assertThat(shell().run("model", "list").out()).doesNotContain("mistral");

        assertThat(shell().run("model", "pull", "mistral:7b@ollama").out()).startsWith("mistral:7b is installed (");

        assertThat(shell().run("model", "list").out()).containsPattern("mistral:7b +ollama");
        assertThat(printed("LocalLLM.pull(")).isEmpty();
        assertThat(shell().run("exec", "print(Agent.create({ model = 'local/mistral:7b@ollama' }):complete('hi'))")
                        .out())
                .matches("(?s)" + reply("hi") + "\n");
    }

    @Test
    void theChatLoopTalksUntilExit() throws IOException {
        Shell.Outcome outcome = shell().typing("hello\nand again\nexit\n")
                .run("run", script("while true do").toString());

        assertThat(outcome.out())
                .matches("(?s)You: Assistant:\t" + reply("hello") + "\nYou: Assistant:\t" + reply("and again")
                        + "\nYou: ");
    }

    @Test
    void bothBackendsAnswerInTheComparison() throws IOException {
        assertThat(printed("=== Ollama ==="))
                .matches("(?s)=== Ollama ===\n" + reply("Explain async/await in JavaScript")
                        + "\n\n=== Candle ===\n.*\\S.*\n");
    }

    @Test
    void theInformationScriptShowsBothBackends() throws IOException {
        assertThat(printed("=== Local LLM Status ==="))
                .startsWith("=== Local LLM Status ===\n\nollama:\n  Running: true\n  Models: " + modelsOnServer()
                        + "\n\ncandle:\n  Ready: true\n  Models: 2\n\n=== Available Models ===\n\n")
                .contains("llama3.1:8b (ollama)\n  Size: " + (modelBytes() >> 20) + " MB\n\n")
                .contains("tinyllama:Q4_K_M (candle)\n  Size: 0 MB\n\n");
    }

    @Test
    void aModelWithoutABackendIsTheServersWhileItRuns() {
        assertThat(shell().run("exec", "print(Agent.create({ model = 'local/llama3.1:8b' }):complete('hi'))")
                        .out())
                .matches("(?s)" + reply("hi") + "\n");
    }

    @Test
    void theGuidesConfigurationFindsAServerAtItsOwnPort() throws Exception {
        try (ServerSocket probe = new ServerSocket(OLLAMAS_OWN_PORT, 1, InetAddress.getLoopbackAddress())) {
            assertThat(probe.isBound()).isTrue();
        } catch (IOException taken) {
            Assumptions.abort("something listens on port " + OLLAMAS_OWN_PORT + " of this machine");
        }
        Path file = Files.createDirectories(home.resolve(".llmspell")).resolve("config.toml");
        Files.writeString(file, String.join("\n", Markdown.blocks(TestData.spec("local-llm-guide.md"), "toml")));
        Runnable end = serveAt(OLLAMAS_OWN_PORT);
        try {
            assertThat(new Shell(home)
                            .run("run", script("Explain Rust ownership").toString())
                            .out())
                    .matches("(?s)" + reply("Explain Rust ownership in one sentence") + "\n");
        } finally {
            end.run();
        }
    }
}
