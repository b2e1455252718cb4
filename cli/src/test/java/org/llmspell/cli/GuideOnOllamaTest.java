package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.testing.FakeOllama;
import org.llmspell.testing.TestData;

/**
 * The user's guide, run as it is printed, while an Ollama server runs: now every command and every script works. The server
 * says back what it was asked.
 */
@Timeout(120)
class GuideOnOllamaTest {
    private static final int OLLAMAS_OWN_PORT = 11434;

    private final FakeOllama ollama = new FakeOllama().with("llama3.1:8b", 4_920_753_328L);

    @TempDir
    Path home;

    private Shell shell() {
        return new Shell(home).with("OLLAMA_HOST", ollama.url());
    }

    @BeforeEach
    void installModels() {
        String file = TestData.path("models/stories260K/stories260K-q8_0.gguf").toString();
        for (String name : List.of("tinyllama:Q4_K_M", "phi-2:Q4_K_M")) {
            assertThat(shell().run("model", "import", file, name).err()).doesNotContain("Error");
        }
    }

    @AfterEach
    void close() {
        ollama.close();
    }

    static Stream<List<String>> commands() throws IOException {
        return GuideTest.commands();
    }

    static Stream<String> scripts() throws IOException {
        return GuideTest.scripts();
    }

    private Path script(String saying) throws IOException {
        String text =
                scripts().filter(script -> script.contains(saying)).findFirst().orElseThrow();
        return Files.writeString(home.resolve("guide.lua"), text);
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
    void pulledModelsAreOnTheServer() {
        shell().run("model", "pull", "mistral:7b@ollama");

        assertThat(ollama.models()).containsExactlyInAnyOrder("llama3.1:8b", "mistral:7b");
        assertThat(shell().run("model", "list").out())
                .contains("llama3.1:8b       ollama", "mistral:7b        ollama", "tinyllama:Q4_K_M  candle");
        assertThat(shell().run("model", "status", "--backend", "ollama").out())
                .startsWith("ollama:\n  Running: yes\n  Models:  2\n  Version: 0.33.0\n");
        assertThat(shell().run("model", "info", "llama3.1:8b@ollama").out())
                .contains("Backend:        ollama", "Size:           4.6 GB (4920753328 bytes)");
    }

    @Test
    void theChatLoopTalksUntilExit() throws IOException {
        Shell.Outcome outcome = shell().typing("hello\nand again\nexit\n")
                .run("run", script("while true do").toString());

        assertThat(outcome.out())
                .isEqualTo("You: Assistant:\tYou said: hello 🦙\nYou: Assistant:\tYou said: and again 🦙\nYou: ");
        assertThat(ollama.bodies("/api/chat").getLast().path("messages").size()).isEqualTo(4);
        assertThat(ollama.bodies("/api/chat")
                        .getLast()
                        .path("messages")
                        .get(0)
                        .path("content")
                        .asString())
                .isEqualTo("You are a helpful coding assistant.");
    }

    @Test
    void ctrlCInTheChatLoopLeavesNoRequestOnTheServer() throws Exception {
        ollama.play(FakeOllama.Mood.ENDLESS);
        Shell shell = shell().typing("hello\nexit\n")
                .watchedBy(keyboard -> Thread.ofVirtual().start(() -> {
                    try {
                        while (ollama.running() == 0) {
                            Thread.sleep(5);
                        }
                        keyboard.cancel();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }));

        Shell.Outcome outcome = shell.run("run", script("while true do").toString());

        assertThat(outcome.code()).isEqualTo(130);
        assertThat(outcome.err()).isEmpty();
        assertThat(ollama.bodies("/api/chat")).hasSize(1);
        assertThat(ollama.becomesIdle()).isTrue();
    }

    @Test
    void bothBackendsAnswerInTheComparison() throws IOException {
        Shell.Outcome outcome = shell().run("run", script("=== Ollama ===").toString());

        String before = "=== Ollama ===\nYou said: Explain async/await in JavaScript 🦙\n\n=== Candle ===\n";
        assertThat(outcome.out()).startsWith(before);
        assertThat(outcome.out().substring(before.length()).strip()).isNotEmpty();
    }

    @Test
    void theInformationScriptShowsBothBackends() throws IOException {
        assertThat(shell().run("run", script("=== Local LLM Status ===").toString())
                        .out())
                .contains("ollama:\n  Running: true\n  Models: 1\n\n", "candle:\n  Ready: true\n  Models: 2\n\n")
                .contains("llama3.1:8b (ollama)\n  Size: 4692 MB\n", "tinyllama:Q4_K_M (candle)\n");
    }

    @Test
    void aModelWithoutABackendIsOllamasWhileItRuns() {
        assertThat(shell().run("exec", "print(Agent.create({ model = 'local/llama3.1:8b' }):complete('hi'))")
                        .out())
                .isEqualTo("You said: hi 🦙\n");
    }

    @Test
    void theGuidesConfigurationFindsAServerAtItsOwnPort() throws IOException {
        try (ServerSocket probe = new ServerSocket(OLLAMAS_OWN_PORT, 1, InetAddress.getLoopbackAddress())) {
            assertThat(probe.isBound()).isTrue();
        } catch (IOException taken) {
            Assumptions.abort("something listens on port " + OLLAMAS_OWN_PORT + " of this machine");
        }
        Path file = Files.createDirectories(home.resolve(".llmspell")).resolve("config.toml");
        Files.writeString(file, String.join("\n", Markdown.blocks(TestData.spec("local-llm-guide.md"), "toml")));
        try (FakeOllama own = new FakeOllama(OLLAMAS_OWN_PORT).with("llama3.1:8b", 1)) {
            Shell.Outcome outcome =
                    new Shell(home).run("run", script("Explain Rust ownership").toString());

            assertThat(outcome.out()).isEqualTo("You said: Explain Rust ownership in one sentence 🦙\n");
            assertThat(own.bodies("/api/chat")).hasSize(1);
        }
    }
}
