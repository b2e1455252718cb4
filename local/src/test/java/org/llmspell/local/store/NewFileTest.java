package org.llmspell.local.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;

/** What is said before and when a file cannot be written; that nothing stays behind is the writer's. */
class NewFileTest {
    @TempDir
    Path folder;

    @Test
    void aDiskWithoutRoomIsNotBegun() throws IOException {
        NewFile file = new NewFile(folder.resolve("out.gguf"), false);

        file.requireSpace(3_000_000, where -> 5_000_000);
        assertThatThrownBy(() -> file.requireSpace(3_000_000, where -> 3_500_000))
                .isInstanceOf(LocalModelException.class)
                .hasMessage("Not enough disk space in " + folder + ": the model needs 3 MB, 4 MB are free");
    }

    @Test
    void aDiskThatFillsUpAllTheSameIsNamed() {
        Path path = folder.resolve("out.gguf");

        assertThatThrownBy(() -> new NewFile(path, false).write("The writing", () -> {
                    throw new FileSystemException(path.toString(), null, "No space left on device");
                }))
                .isInstanceOfSatisfying(
                        LocalModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TRANSFER_FAILED))
                .hasMessage("Failed to write " + path + ": No space left on device");
    }

    @Test
    void anInterruptIsACancellation() {
        assertThatThrownBy(() -> new NewFile(folder.resolve("out.gguf"), false).write("The writing", () -> {
                    throw new ClosedByInterruptException();
                }))
                .isInstanceOfSatisfying(
                        LocalModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CANCELLED))
                .hasMessage("The writing was cancelled");
    }
}
