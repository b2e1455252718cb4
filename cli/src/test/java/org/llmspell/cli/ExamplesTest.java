package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.fixtures.SyntheticModel;

/** The scripts in {@code examples/}: each runs offline with the built-in model, and with any model that is given. */
class ExamplesTest {
    private static final Path EXAMPLES = Path.of("../examples");

    @TempDir
    Path home;

    private Shell shell() {
        // A port that nothing listens on, whatever runs on this machine.
        return new Shell(home).with("OLLAMA_HOST", "127.0.0.1:9").typing("What is LLMSpell?\nhello\nexit\n");
    }

    private String run(String example, String... more) {
        Shell.Outcome outcome = shell().run(Stream.concat(
                        Stream.of("run", EXAMPLES.resolve(example + ".lua").toString()), Stream.of(more))
                .toArray(String[]::new));
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isZero();
        return outcome.out();
    }

    static Stream<String> examples() throws IOException {
        try (Stream<Path> files = Files.list(EXAMPLES)) {
            return files.map(file -> file.getFileName().toString().replace(".lua", "")).sorted().toList().stream();
        }
    }

    @Test
    void theExamplesAreThere() throws IOException {
        assertThat(examples()).contains("quickstart", "chat", "compare", "models", "stream");
    }

    @ParameterizedTest
    @MethodSource("examples")
    void everyExampleRunsWithoutAnyModelInstalled(String example) {
        assertThat(run(example)).hasSizeGreaterThan(20);
    }

    @ParameterizedTest
    @MethodSource("examples")
    void everyExampleRunsWithAModelThatIsGiven(String example) throws IOException {
        Path file = home.resolve("tiny.gguf");
        SyntheticModel.tiny().write(file);

        run(example, file.toString());

        assertThat(home.resolve(".llmspell")).doesNotExist();
    }

    @Test
    void theQuickStartSaysWhatThisIs() {
        assertThat(run("quickstart")).contains("runs local language models");
    }

    @Test
    void theChatAnswersEachLineInItsTurn() {
        List<String> lines = run("chat").lines().toList();

        assertThat(lines).hasSizeGreaterThanOrEqualTo(3);
        assertThat(lines.get(0)).startsWith("You: Assistant: ").contains("runs local language models");
        assertThat(lines.get(1)).startsWith("You: Assistant: Hello");
    }

    @Test
    void theModelsAreListedWithTheBuiltInOneMarked() {
        assertThat(run("models"))
                .contains("ollama:\n  Running: false\n", "candle:\n  Ready: true\n  Models: 0\n")
                .contains("apprentice (candle, built in)\n");
        assertThat(run("models", "local/apprentice")).contains("Architecture: llama\n", "Context: 512 tokens");
    }
}
