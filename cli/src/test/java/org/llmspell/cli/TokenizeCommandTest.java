package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.local.json.JsonText;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** Tokens on the command line, against the reference suites of llama.cpp, SentencePiece and Hugging Face. */
class TokenizeCommandTest {
    @TempDir
    Path home;

    private Shell shell() {
        return new Shell(home);
    }

    private static String vocabulary(String name) {
        return TestData.path("tokenizers/" + name + "/vocab.gguf").toString();
    }

    @ParameterizedTest
    @CsvSource({
        "llama-spm, 2026-06, --no-special",
        "llama-spm, special-llamacpp, --no-bos",
        "gpt-2, fuzz, --no-special",
        "qwen2, special, --no-bos",
        "deepseek-llm, special-llamacpp, --no-bos",
        "bert-bge, fuzz-llamacpp, --no-special",
    })
    void linesOfTextBecomeTheReferencesIds(String vocabulary, String suite, String option) {
        List<String> expected = new ArrayList<>();
        StringBuilder lines = new StringBuilder();
        for (JsonNode example : TestData.json("tokenizers/" + vocabulary + "/" + suite + ".json")
                .get("cases")) {
            String text = JsonText.compact(example.get("text").asString());
            lines.append("{\"text\":").append(text).append("}\n");
            expected.add("{\"ids\":" + example.get("ids") + "}");
        }

        Shell.Outcome outcome =
                shell().typing(lines.toString()).run("tokenize", vocabulary(vocabulary), "--jsonl", option);

        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out().lines()).containsExactlyElementsOf(expected);
    }

    @Test
    void bosIsAddedAndSpecialTokensAreReadUnlessToldOtherwise() {
        String model = vocabulary("llama-spm");

        assertThat(ids("tokenize", model, "Hello</s>")).isEqualTo("[1,15043,2]");
        assertThat(ids("tokenize", model, "Hello</s>", "--special")).isEqualTo("[1,15043,2]");
        assertThat(ids("tokenize", model, "Hello</s>", "--no-bos")).isEqualTo("[15043,2]");
        assertThat(ids("tokenize", model, "Hello</s>", "--no-special")).isEqualTo("[15043,829,29879,29958]");
    }

    private String ids(String... args) {
        String[] json = java.util.Arrays.copyOf(args, args.length + 1);
        json[args.length] = "--output=json";
        String out = shell().run(json).out();
        return out.substring(out.indexOf('['), out.indexOf(']') + 1);
    }

    @Test
    void textShowsIdsAndPieces() {
        assertThat(shell().run("tokenize", vocabulary("llama-spm"), "Hello é").out())
                .isEqualTo("""
                   ID  PIECE   TEXT
                    1  <s>     -
                15043  ▁Hello  " Hello"
                  904  ▁é      " é"
                """);
    }

    @Test
    void textComesFromStandardInputExactlyWhereNoneIsGiven() {
        String model = vocabulary("gpt-2");

        assertThat(shell().typing("hello\n")
                        .run("tokenize", model, "--output", "json")
                        .out())
                .isEqualTo(shell().run("tokenize", model, "hello\n", "--output", "json")
                        .out())
                .contains("\"ids\":[31373,198]", "\"piece\":\"hello\"");
        assertThat(shell().typing("").run("tokenize", model, "--output", "json").out())
                .isEqualTo("{\"ids\":[],\"tokens\":[]}\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"{\"text\":\"a\"}\\nnonsense | Line 2", "{\"txt\":\"a\"} | Line 1", "[\"a\"] | Line 1"})
    void aLineThatIsNoTextIsNamed(String lines, String part) {
        Shell.Outcome outcome =
                shell().typing(lines.replace("\\n", "\n")).run("tokenize", vocabulary("gpt-2"), "--jsonl");

        assertThat(outcome.error())
                .isEqualTo("Error: " + part + " of standard input is no JSON object with a \"text\"");
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void aFileWithoutATokenizerSaysSo() {
        String file = TestData.path("models/other/mmproj-tinygemma3.gguf").toString();

        assertThat(shell().run("tokenize", file, "x").error())
                .isEqualTo("Error: " + file + ": metadata key 'tokenizer.ggml.model' is missing");
    }

    @Test
    void aTokenizerThatIsNotKnownSaysWhichAre() throws Exception {
        Path path = home.resolve("unknown.gguf");
        new GgufWriter()
                .put("general.architecture", "llama")
                .put("tokenizer.ggml.model", "frob")
                .write(path);
        String file = path.toString();

        assertThat(shell().run("tokenize", file, "x").error())
                .startsWith("Error: " + file + ": unsupported tokenizer model 'frob'; supported are ");
    }
}
