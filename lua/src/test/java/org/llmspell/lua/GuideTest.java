package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.llmspell.testing.TestData;

/** Every Lua block of the user's guide, taken from it and run as it is. Reads the specification beside the test data. */
class GuideTest {
    private static List<String> blocks() throws IOException {
        String guide = Files.readString(TestData.spec("local-llm-guide.md"));
        return Pattern.compile("```lua\n(.*?)```", Pattern.DOTALL)
                .matcher(guide)
                .results()
                .map(match -> match.group(1))
                .toList();
    }

    /** The one block that is a list of model specifications and no program. */
    private static boolean isListOfSpecifications(String block) {
        return block.lines().allMatch(line -> line.isBlank() || line.startsWith("--") || line.startsWith("\"local/"));
    }

    private static String block(String containing) throws IOException {
        return blocks().stream()
                .filter(block -> block.contains(containing))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void runsEveryScriptOfTheGuideUnmodified() throws IOException {
        List<String> scripts = blocks().stream()
                .filter(block -> !isListOfSpecifications(block))
                .toList();
        assertThat(scripts).hasSizeGreaterThanOrEqualTo(9);
        for (String script : scripts) {
            assertThatCode(() -> new Script().input("exit\n").run(script))
                    .as(script)
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void createsAnAgentForEverySpecificationOfTheGuide() throws IOException {
        List<String> specifications = Pattern.compile("^\"(local/.*)\"$", Pattern.MULTILINE)
                .matcher(blocks().stream()
                        .filter(GuideTest::isListOfSpecifications)
                        .findFirst()
                        .orElseThrow())
                .results()
                .map(match -> match.group(1))
                .toList();
        assertThat(specifications).hasSize(3);
        for (String model : specifications) {
            assertThat(Script.output("print(Agent.create({model = '" + model + "'}).model)"))
                    .isEqualTo(model + "\n");
        }
    }

    @Test
    void chatsUntilExit() throws IOException {
        String written = new Script()
                .input("What is a monad?\nAnd a functor?\nexit\nnever read\n")
                .run(block("io.read()"));
        assertThat(written.split("You: ", -1))
                .containsExactly(
                        "", "Assistant:\tollama[2] What is a monad?\n", "Assistant:\tollama[4] And a functor?\n", "");
    }

    @Test
    void comparesTheBackends() throws IOException {
        assertThat(new Script().run(block("=== Ollama ==="))).isEqualTo("""
                           === Ollama ===
                           ollama[1] Explain async/await in JavaScript

                           === Candle ===
                           candle[1] Explain async/await in JavaScript
                           """);
    }

    @Test
    void reportsTheModels() throws IOException {
        assertThat(new Script().run(block("=== Local LLM Status ==="))).isEqualTo("""
                        === Local LLM Status ===

                        ollama:
                          Running: false
                          Models: 0
                          Error: Failed to connect to Ollama server

                        candle:
                          Ready: true
                          Models: 1

                        === Available Models ===

                        tiny-ollama:Q4_K_M (ollama)
                          Size: 3 MB

                        tiny-candle:Q4_K_M (candle)
                          Size: 3 MB

                        """);
    }
}
