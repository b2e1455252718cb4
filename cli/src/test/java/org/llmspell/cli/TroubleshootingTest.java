package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.testing.FakeFiles;
import org.llmspell.testing.TestData;

/** The errors of the guide's section on troubleshooting, each from a command, with the guide's words and solutions. */
class TroubleshootingTest {
    @TempDir
    Path home;

    private Shell shell() {
        // A port that nothing listens on, whatever runs on this machine.
        return new Shell(home).with("OLLAMA_HOST", "127.0.0.1:9");
    }

    /** Checks the first line but for the place in a script, and that every solution named follows. */
    private static void says(Shell.Outcome outcome, String message, String... solutions) {
        String first = outcome.err()
                .lines()
                .filter(line -> line.startsWith("Error: "))
                .findFirst()
                .orElse("")
                .replaceFirst("\\(command line\\):1: ", "");
        assertThat(first).isEqualTo("Error: " + message);
        assertThat(outcome.err()).contains("Solutions:\n1. ").contains(solutions);
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void theGuideHasTheseFourErrors() throws IOException {
        List<String> errors = Markdown.blocks(TestData.spec("local-llm-guide.md"), "").stream()
                .flatMap(String::lines)
                .filter(line -> line.startsWith("Error: "))
                .toList();

        assertThat(errors)
                .containsExactly(
                        "Error: Failed to connect to Ollama server",
                        "Error: Tokenizer file not found",
                        "Error: Failed to allocate tensor",
                        "Error: Failed to download model");
    }

    @Test
    void withoutAServer() {
        for (String[] command : List.of(
                new String[] {"model", "list", "--backend", "ollama"},
                new String[] {"model", "info", "llama3.1:8b@ollama"},
                new String[] {"model", "pull", "llama3.1:8b@ollama"},
                new String[] {"exec", "Agent.create({ model = 'local/llama3.1:8b@ollama' }):complete('x')"})) {
            says(
                    shell().run(command),
                    "Failed to connect to Ollama server",
                    "Ensure Ollama is running: `ollama serve`",
                    "Check URL in config: `url = \"http://localhost:11434\"`",
                    "Verify Ollama installed: `ollama --version`");
        }
    }

    @Test
    void aModelWithoutTokenizer() throws IOException {
        Path file = home.resolve("mute.gguf");
        SyntheticModel tiny = SyntheticModel.tiny();
        SyntheticModel.llama(tiny.shape(), tiny.mix()).write(file);

        says(
                shell().run("exec", "Agent.create({ model = ARGS[1] }):complete('x')", file.toString()),
                "Tokenizer file not found",
                "Re-download model: `llmspell model pull MODEL:VARIANT@candle`",
                "Check model directory: ",
                "Set HFHUB_API_KEY for authenticated downloads");
    }

    @Test
    void aModelThatDoesNotFitIntoMemory() throws IOException {
        Path file = home.resolve("huge.gguf");
        SyntheticModel tiny = SyntheticModel.tiny();
        // The cache of a context as long as this one claims to be trained for takes two terabytes.
        tiny.withShape(tiny.shape().toBuilder()
                        .layers(8)
                        .heads(64, 64, 64)
                        .context(1 << 24)
                        .build())
                .write(file);

        says(
                shell().with("LLMSPELL_CONTEXT_LENGTH", "16777216")
                        .run("exec", "Agent.create({ model = ARGS[1], raw = true }):complete('x')", file.toString()),
                "Failed to allocate tensor",
                "Use smaller model: `tinyllama:Q4_K_M` instead of larger models",
                "Use Ollama for large models instead");
    }

    @Test
    void aPullThatFails() throws IOException {
        try (FakeFiles nothing = new FakeFiles()) {
            Shell.Outcome outcome = shell().with(
                            "HF_ENDPOINT", nothing.url("/hub").toString())
                    .run("model", "pull", "tinyllama:Q4_K_M@candle");

            says(outcome, "Failed to download model", "Verify model name correct", "Manual download from HuggingFace");
            assertThat(Files.exists(home.resolve(".llmspell/models/candle/tinyllama")))
                    .isFalse();
            assertThat(Arrays.asList(outcome.out())).containsExactly("");
        }
    }
}
