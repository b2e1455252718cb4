package org.llmspell.local.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.engine.quantize.Recipe;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.PullProgress;
import org.llmspell.testing.TestData;

/** What is checked before a converted model is written, and what is left when it is not. */
class QuantizedCopyTest {
    private static final Path MODEL = TestData.path("models/stories260K/stories260K-f32.gguf");

    @TempDir
    Path folder;

    private final List<PullProgress> progress = new ArrayList<>();
    private final QuantizedCopy copy = new QuantizedCopy(Recipe.Q8_0, false, false, false, 1, progress::add);

    @Test
    void aDiskWithoutRoomIsNotFilled() throws IOException {
        assertThatThrownBy(() -> copy.write(MODEL, folder.resolve("out.gguf"), where -> 300_000))
                .isInstanceOfSatisfying(
                        LocalModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.STORE))
                .hasMessageContaining("Not enough disk space in " + folder);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void progressIsToldInBytesOfTheSource() {
        copy.write(MODEL, folder.resolve("out.gguf"));

        PullProgress last = progress.getLast();
        assertThat(last.status()).isEqualTo("quantizing");
        assertThat(last.percentComplete()).isEqualTo(100);
        assertThat(last.bytesDownloaded()).isEqualTo(last.bytesTotal());
    }

    @Test
    void aFileThatIsNoModelIsRefused() throws IOException {
        Path text = Files.writeString(folder.resolve("x.gguf"), "hello");

        assertThatThrownBy(() -> copy.write(text, folder.resolve("out.gguf")))
                .isInstanceOfSatisfying(
                        LocalModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.MODEL_UNUSABLE));
    }
}
