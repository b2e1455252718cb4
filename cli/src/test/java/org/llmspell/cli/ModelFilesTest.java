package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufValue;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.local.json.JsonText;

/** The commands over real files: import, list, info, inspect, remove, and what they say to bad ones. */
class ModelFilesTest {
    @TempDir
    Path home;

    private Path gguf;

    @BeforeEach
    void writeModel() throws IOException {
        gguf = home.resolve("tiny.gguf");
        new GgufWriter()
                .put("general.architecture", "llama")
                .put("general.name", "tiny\u001b[2J model")
                .put("llama.context_length", 64)
                .put("llama.block_count", 1)
                .put("numbers", GgufValue.ints(0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
                .put("few", GgufValue.strings(java.util.List.of("a", "b")))
                .put("big", GgufValue.integer(org.llmspell.gguf.GgufType.UINT64, -1))
                .put("ratio", 0.5f)
                .put("flag", true)
                .tensor("token_embd.weight", BlockFormat.F32, java.util.List.of(4L, 2L), new byte[32])
                .write(gguf);
    }

    private Shell shell() {
        return new Shell(home).with("LLMSPELL_MODEL_DIR", home.resolve("models").toString());
    }

    private Shell.Outcome run(String... args) {
        return shell().run(args);
    }

    @Test
    void importedModelIsListedShownAndRemoved() {
        Shell.Outcome imported = run("model", "import", gguf.toString(), "tinyllama:Q4_K_M");
        assertThat(imported.out())
                .startsWith("tinyllama:Q4_K_M is installed (")
                .endsWith("): use it as local/tinyllama:Q4_K_M@candle\n");
        assertThat(imported.code()).isZero();

        assertThat(run("model", "list", "--backend", "candle").out()).contains("\ntinyllama:Q4_K_M  candle");
        assertThat(run("model", "info", "tinyllama:Q4_K_M@candle").out())
                .contains("Architecture:   llama", "Context length: 64 tokens");
        assertThat(run("model", "info", gguf.toString()).out()).contains("Architecture:   llama");

        assertThat(run("model", "remove", "tinyllama:Q4_K_M@candle").code()).isZero();
        assertThat(run("model", "list", "--output", "json").out()).doesNotContain("tinyllama");
        assertThat(gguf).exists();
    }

    @Test
    void importAsJsonNamesTheModelAndItsFile() {
        String out = run("model", "import", "--symlink", gguf.toString(), "a:b", "--output", "json")
                .out();

        assertThat(JsonText.parse(out)).isInstanceOfSatisfying(Map.class, fields -> {
            assertThat(fields.get("id")).isEqualTo("a:b");
            assertThat(Path.of(String.valueOf(fields.get("path")))).isSymbolicLink();
        });
    }

    @Test
    void inspectShowsMetadataAndTensorsAndNoControlCharacters() {
        Shell.Outcome outcome = run("inspect", gguf.toString());

        assertThat(outcome.out())
                .startsWith("GGUF version 3, ")
                .contains("tiny\\u001b[2J model", "[0, 1, 2, 3, 4, 5, 6, 7, …] (10 elements)", "[\"a\", \"b\"]")
                .contains("18446744073709551615", "token_embd.weight  F32     4 x 2  32 bytes")
                .doesNotContain("\u001b");
        assertThat(outcome.code()).isZero();
    }

    @Test
    void inspectShowsOnlyWhatIsAskedFor() {
        assertThat(run("inspect", gguf.toString(), "--metadata").out())
                .contains("numbers")
                .doesNotContain("token_embd");
        assertThat(run("inspect", gguf.toString(), "--tensors").out())
                .contains("token_embd")
                .doesNotContain("numbers");
        assertThat(run("inspect", gguf.toString(), "--full").out()).contains("[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]");
    }

    @Test
    void inspectAsJsonIsTheWholeFile() {
        String json = run("inspect", gguf.toString(), "--output", "json").out();

        assertThat(json)
                .contains("\"version\":3", "\"metadata_count\":9", "\"tensor_count\":1", "\"parameter_count\":8")
                .contains("\"general.architecture\":\"llama\"", "\"llama.context_length\":64", "\"ratio\":0.5")
                .contains("\"numbers\":{\"type\":\"array of int32\",\"length\":10,\"first\":[0,1,2,3,4,5,6,7]}")
                .contains("\"few\":[\"a\",\"b\"]", "\"big\":\"18446744073709551615\"", "\"flag\":true")
                .contains("{\"name\":\"token_embd.weight\",\"type\":\"F32\",\"shape\":[4,2],\"size_bytes\":32}");
        assertThat(run("inspect", gguf.toString(), "--full", "--output", "json").out())
                .contains("\"numbers\":[0,1,2,3,4,5,6,7,8,9]");
    }

    @Test
    void inspectFindsInstalledModelsByName() {
        run("model", "import", gguf.toString(), "tiny:F32");

        assertThat(run("inspect", "tiny:F32").out())
                .isEqualTo(run("inspect", gguf.toString()).out());
    }

    @Test
    void aTruncatedFileIsRefusedInOneLine() throws IOException {
        byte[] bytes = Files.readAllBytes(gguf);
        Path cut = Files.write(home.resolve("cut.gguf"), java.util.Arrays.copyOf(bytes, bytes.length / 2));

        for (String command : new String[] {"inspect", "tokenize"}) {
            Shell.Outcome outcome = shell().typing("x").run(command, cut.toString());
            assertThat(outcome.error()).startsWith("Error: " + cut + ": ");
            assertThat(outcome.err()).doesNotContain("\tat ");
            assertThat(outcome.code()).isEqualTo(1);
        }
        Shell.Outcome imported = run("model", "import", cut.toString(), "a:b");
        assertThat(imported.error()).startsWith("Error: ").contains("cut.gguf");
        assertThat(imported.code()).isEqualTo(1);
        assertThat(run("model", "list", "--output", "json").out()).doesNotContain("\"built_in\":false");
    }

    @Test
    void aFileOfAnotherKindIsNamed() throws IOException {
        Path text = Files.writeString(home.resolve("notes.gguf"), "these are my notes, not a model");

        assertThat(run("inspect", text.toString()).error()).startsWith("Error: " + text + ": ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model info nope:Q4_K_M@candle | Model \"nope:Q4_K_M\" is not installed",
                "model remove nope:Q4_K_M@candle | Model \"nope:Q4_K_M\" is not installed",
                "tokenize nope:Q4_K_M x | Model \"nope:Q4_K_M\" is not installed",
                "model info x@ollam | \"ollam\"",
                "model list --backend candel | Unknown backend \"candel\"",
                "model info x@ | x@",
                "model info :q | :q",
                "model info @ollama | @ollama",
                "model info ./nope.gguf | nope.gguf",
                "model import ./nope.gguf a:b | No such file: ./nope.gguf",
                "inspect ./nope.gguf | nope.gguf",
                "inspect llama3.1:8b@ollama | Only the embedded backend's files can be opened, not those of ollama",
            })
    void anUnknownModelFileOrBackendIsOneErrorLineThatNamesIt(String args, String part) {
        Shell.Outcome outcome = run(args.split(" "));

        assertThat(outcome.error()).startsWith("Error: ").contains(part);
        assertThat(outcome.err()).doesNotContain("\tat ", "Internal error");
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void anUnknownModelSaysHowToPullOrImportIt() {
        assertThat(run("model", "info", "tinyllama:Q4_K_M@candle").err())
                .contains("`llmspell model pull tinyllama:Q4_K_M@candle`", "`llmspell model import ");
    }

    @Test
    void aModelDirectoryThatCannotBeWrittenIsNamed() throws IOException {
        Path models = Files.createDirectory(home.resolve("models"));
        Files.setPosixFilePermissions(models, PosixFilePermissions.fromString("r-xr-xr-x"));
        Assumptions.assumeFalse(Files.isWritable(models), "the superuser may write everywhere");

        Shell.Outcome outcome = run("model", "import", gguf.toString(), "a:b");

        assertThat(outcome.error()).startsWith("Error: ").contains(models.toString());
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void aModelDirectoryThatIsAFileIsNamed() throws IOException {
        Path models = Files.writeString(home.resolve("models"), "x");

        Shell.Outcome outcome = run("model", "import", gguf.toString(), "a:b");

        assertThat(outcome.error()).startsWith("Error: ").contains(models.toString());
        assertThat(outcome.code()).isEqualTo(1);
    }
}
