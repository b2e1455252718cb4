package org.llmspell.local.candle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.TinyGguf;
import org.llmspell.local.config.CandleConfig;
import org.llmspell.local.config.DownloadConfig;
import org.llmspell.local.store.Sha256;

class OllamaModelsTest {
    @TempDir
    private Path folder;

    private Path ollama = Path.of("");
    private CandleBackend candle;

    @BeforeEach
    void open() {
        ollama = folder.resolve("ollama");
        CandleConfig config =
                new CandleConfig(true, folder.resolve("candle"), "cpu", null, 1, null, "f16", 0, Duration.ZERO, 1);
        candle = new CandleBackend(
                config,
                new DownloadConfig(
                        URI.create("http://hub.invalid"),
                        URI.create("http://registry.invalid"),
                        true,
                        null,
                        List.of(folder.resolve("absent"), ollama),
                        Map.of()));
    }

    @AfterEach
    void close() {
        candle.close();
    }

    private List<ModelEntry> installed() {
        return candle.list().stream().filter(model -> !model.builtIn()).toList();
    }

    /** Puts a model where Ollama puts it, and returns its file. */
    private Path install(String place) throws IOException {
        Path source = TinyGguf.write(folder.resolve("tiny.gguf"));
        String hash = Sha256.of(source);
        Path blob = ollama.resolve("blobs/sha256-" + hash);
        Files.createDirectories(ollama.resolve("blobs"));
        Files.copy(source, blob, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        manifest(place, "sha256:" + hash);
        return blob;
    }

    private void manifest(String place, String digest) throws IOException {
        Path manifest = ollama.resolve("manifests").resolve(place);
        Files.createDirectories(manifest.getParent());
        Files.writeString(
                manifest,
                "{\"layers\":[{\"mediaType\":\"application/vnd.ollama.image.template\",\"digest\":\"sha256:0\",\"size\":1},"
                        + "{\"mediaType\":\"application/vnd.ollama.image.model\",\"digest\":\"" + digest
                        + "\",\"size\":1}]}");
    }

    @Test
    void modelsThatOllamaHasAreListedAsSharedAndFoundInPlace() throws Exception {
        Path blob = install("registry.ollama.ai/library/llama3.2/1b");
        install("registry.ollama.ai/me/mine/latest");
        install("hf.co/user/Repo-GGUF/Q4_K_M");

        assertThat(installed())
                .extracting(ModelEntry::id)
                .containsExactlyInAnyOrder("llama3.2:1b", "me/mine:latest", "hf.co/user/Repo-GGUF:Q4_K_M");
        assertThat(installed()).allMatch(ModelEntry::shared);
        assertThat(installed()).extracting(ModelEntry::quantization).containsOnly("Q4_K_M");
        assertThat(candle.locate(ModelSpec.parse("llama3.2:1b@candle"))).isEqualTo(blob);
        assertThat(candle.has(ModelSpec.parse("me/mine"))).isTrue();
        assertThat(candle.has(ModelSpec.parse("llama3.2:3b"))).isFalse();
        assertThat(candle.status().models()).isEqualTo(3);
        ModelInfo info = candle.info(ModelSpec.parse("llama3.2:1b"));
        assertThat(info.id()).isEqualTo("llama3.2:1b");
        assertThat(info.architecture()).isEqualTo("llama");
        assertThat(info.details()).containsEntry("shared", "from Ollama's models, read-only");
    }

    @Test
    void aModelOfOllamasTakesTheBuiltInModelsName() throws Exception {
        assertThat(candle.list()).extracting(ModelEntry::id).containsExactly("apprentice");
        Path blob = install("registry.ollama.ai/library/apprentice/latest");

        assertThat(candle.list()).extracting(ModelEntry::id).containsExactly("apprentice:latest");
        assertThat(candle.locate(ModelSpec.parse("apprentice"))).isEqualTo(blob);
    }

    @Test
    void whatIsOllamasIsNeverRemoved() throws Exception {
        Path blob = install("registry.ollama.ai/library/llama3.2/1b");
        assertThatThrownBy(() -> candle.remove(ModelSpec.parse("llama3.2:1b"))).hasMessageContaining("Ollama's own");
        assertThat(blob).exists();
    }

    @Test
    void theStoresOwnModelOfThatNameComesFirst() throws Exception {
        install("registry.ollama.ai/library/llama3.2/Q4_K_M");
        Path own = TinyGguf.write(folder.resolve("candle/llama3.2/Q4_K_M/own.gguf"));
        assertThat(installed()).hasSize(1).noneMatch(ModelEntry::shared);
        assertThat(candle.locate(ModelSpec.parse("llama3.2:Q4_K_M"))).isEqualTo(own);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sha256:../../../../etc/passwd", "sha256:ab", "../secret", "sha256-"})
    void aDigestThatIsNoneNamesNoFile(String digest) throws Exception {
        Files.createDirectories(ollama.resolve("blobs"));
        Files.writeString(ollama.resolve("secret"), "x");
        manifest("registry.ollama.ai/library/evil/latest", digest);
        assertThat(installed()).isEmpty();
    }

    @Test
    void brokenManifestsAndMissingBlobsArePassedOver() throws Exception {
        manifest("registry.ollama.ai/library/gone/latest", "sha256:" + "0".repeat(64));
        Path broken = ollama.resolve("manifests/registry.ollama.ai/library/broken/latest");
        Files.createDirectories(broken.getParent());
        Files.writeString(broken, "{\"layers\": [");
        install("registry.ollama.ai/library/good/latest");
        assertThat(installed()).extracting(ModelEntry::id).containsExactly("good:latest");
    }
}
