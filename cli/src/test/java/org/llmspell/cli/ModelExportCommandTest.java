package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.json.JsonText;
import org.llmspell.local.store.Sha256;

/** {@code model export} on one machine and {@code model import} on another. */
class ModelExportCommandTest {
    @TempDir
    Path temporary;

    private Path stick;

    @BeforeEach
    void installModels() throws IOException {
        stick = temporary.resolve("stick");
        Path file = Files.write(temporary.resolve("x.gguf"), FakeHub.model(temporary, 1));
        here("model", "import", file.toString(), "one:Q4_K_M");
        here("model", "import", file.toString(), "two:Q4_K_M");
    }

    private Shell.Outcome here(String... args) {
        return new Shell(temporary.resolve("here"))
                .with("OLLAMA_MODELS", ollama().toString())
                .run(args);
    }

    private Shell.Outcome there(String... args) {
        return new Shell(temporary.resolve("there")).run(args);
    }

    private Path ollama() {
        return temporary.resolve("ollama");
    }

    @Test
    void severalModelsTravelInOneFolder() {
        Path folder = stick.resolve("one/Q4_K_M");
        assertThat(here("model", "export", "one:Q4_K_M@candle", stick.toString())
                        .out())
                .isEqualTo("one:Q4_K_M is exported to " + folder + " (1.0 MB): bring it in with llmspell model import "
                        + folder + "\n");
        assertThat(here("model", "export", "two", stick.toString()).code()).isZero();

        Shell.Outcome arrived = there("model", "import", stick.toString());

        assertThat(arrived.out()).isEqualTo("""
                one:Q4_K_M is installed (1.0 MB): use it as local/one:Q4_K_M@candle
                two:Q4_K_M is installed (1.0 MB): use it as local/two:Q4_K_M@candle
                """);
        assertThat(there("model", "list", "--backend", "candle").out()).contains("one:Q4_K_M", "two:Q4_K_M");
    }

    @Test
    void oneOfThemMayBeImportedUnderAnotherName() {
        here("model", "export", "one", stick.toString());
        here("model", "export", "two", stick.toString());

        assertThat(there("model", "import", stick.toString(), "mine:x").error())
                .isEqualTo("Error: " + stick + " holds 2 models, which cannot all be called mine:x");
        assertThat(there("model", "import", stick.resolve("two/Q4_K_M").toString(), "mine:x")
                        .out())
                .startsWith("mine:x is installed");
    }

    @Test
    void exportAsJsonNamesTheFolder() {
        assertThat(JsonText.parse(here("model", "export", "one", stick.toString(), "--output", "json")
                        .out()))
                .isInstanceOfSatisfying(Map.class, fields -> {
                    assertThat(fields.get("id")).isEqualTo("one:Q4_K_M");
                    assertThat(fields.get("path"))
                            .isEqualTo(stick.resolve("one/Q4_K_M").toString());
                });
    }

    @Test
    void importOfAFolderAsJsonIsAListAlsoOfOne() {
        here("model", "export", "one", stick.toString());

        assertThat(there("model", "import", stick.toString(), "--output", "json")
                        .out())
                .startsWith("[{\"id\":\"one:Q4_K_M\",\"backend\":\"candle\",\"size_bytes\":")
                .endsWith("}]\n");
    }

    @Test
    void anExportIsReplacedOnlyByForce() {
        here("model", "export", "one", stick.toString());

        Shell.Outcome refused = here("model", "export", "one", stick.toString());
        assertThat(refused.error()).isEqualTo("Error: " + stick.resolve("one/Q4_K_M") + " exists already");
        assertThat(refused.code()).isEqualTo(1);
        assertThat(here("model", "export", "one", stick.toString(), "--force").code())
                .isZero();
    }

    @Test
    void aDamagedExportInstallsNothing() throws IOException {
        here("model", "export", "one", stick.toString());
        Path file = stick.resolve("one/Q4_K_M/x.gguf");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);

        Shell.Outcome refused = there("model", "import", stick.toString());

        assertThat(refused.err())
                .contains("Error: " + file + " is damaged: its SHA-256 is not the one in the manifest");
        assertThat(refused.code()).isEqualTo(1);
        assertThat(there("model", "list", "--output", "json").out()).doesNotContain("\"built_in\":false");
    }

    @Test
    void aModelThatIsSharedWithOllamaIsExportedWithAManifest() throws IOException {
        byte[] content = FakeHub.model(temporary, 2);
        Path manifest = ollama().resolve("manifests/registry.ollama.ai/library/llama3.1/8b");
        Files.createDirectories(manifest.getParent());
        Files.writeString(
                manifest,
                "{\"layers\":[{\"mediaType\":\"application/vnd.ollama.image.model\",\"digest\":\"sha256:"
                        + Sha256.of(content) + "\"}]}");
        Files.createDirectories(ollama().resolve("blobs"));
        Files.write(ollama().resolve("blobs/sha256-" + Sha256.of(content)), content);

        assertThat(here("model", "export", "llama3.1:8b@candle", stick.toString())
                        .code())
                .isZero();

        assertThat(Files.readString(stick.resolve("llama3.1/8b/manifest.json"))).contains(Sha256.of(content));
        assertThat(there("model", "import", stick.toString()).out()).startsWith("llama3.1:8b is installed (2.0 MB)");
    }

    @Test
    void whatCannotBeExportedSaysWhy() {
        assertThat(here("model", "export", "nope", stick.toString()).error()).contains("\"nope\" is not installed");
        assertThat(here("model", "export", "llama3.1:8b@ollama", stick.toString())
                        .error())
                .isEqualTo("Error: Only models of the embedded backend can be exported, not those of ollama");
        assertThat(here("model", "export", temporary.resolve("x.gguf").toString(), stick.toString())
                        .error())
                .endsWith("x.gguf is not in the model directory");
        assertThat(stick).doesNotExist();
    }

    @Test
    void aFolderOfOtherThingsIsNoExport() throws IOException {
        Files.createDirectories(stick);

        assertThat(there("model", "import", stick.toString()).error())
                .isEqualTo("Error: " + stick + " is a folder without a manifest.json in it");
    }
}
