package org.llmspell.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.llmspell.gguf.GgufFile;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** Real vocabularies against the ids that llama.cpp, Hugging Face tokenizers and SentencePiece give for the same texts. */
class TokenizerSuitesTest {
    @TestFactory
    Stream<DynamicTest> givesTheReferenceIds() {
        return Stream.of("llama-spm", "gpt-2", "qwen2", "deepseek-llm", "bert-bge")
                .flatMap(TokenizerSuitesTest::suites);
    }

    private static Stream<DynamicTest> suites(String name) {
        Path folder = TestData.path("tokenizers/" + name);
        try (GgufFile file = GgufFile.open(folder.resolve("vocab.gguf"));
                Stream<Path> files = Files.list(folder)) {
            Tokenizer tokenizer = Tokenizers.from(file.metadata());
            List<String> suites = files.map(path -> path.getFileName().toString())
                    .filter(suite -> suite.endsWith(".json"))
                    .sorted()
                    .toList();
            assertThat(suites).hasSizeGreaterThanOrEqualTo(4);
            return suites.stream()
                    .map(suite -> DynamicTest.dynamicTest(
                            name + "/" + suite, () -> check(tokenizer, "tokenizers/" + name + "/" + suite)));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void check(Tokenizer tokenizer, String path) {
        JsonNode suite = TestData.json(path);
        boolean addSpecial = suite.get("add_special").asBoolean();
        boolean parseSpecial = suite.get("parse_special").asBoolean();
        for (JsonNode example : suite.get("cases")) {
            String text = example.get("text").asString();
            int[] expected = new int[example.get("ids").size()];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = example.get("ids").get(i).asInt();
            }
            assertThat(tokenizer.encode(text, addSpecial, parseSpecial))
                    .as(text)
                    .isEqualTo(expected);
        }
    }
}
