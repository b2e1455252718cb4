package org.llmspell.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Models with random weights, made once by {@code llmspell bench synth} and kept. */
final class TestModel {
    private TestModel() {}

    /**
     * The model of that shape in that format.
     *
     * @param launcher of this project's command
     * @throws BenchException if there is no such shape or format, or no room; the command has said which
     */
    static Path of(Path launcher, Path folder, String shape, String format) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        Path file = folder.resolve(shape.toLowerCase(Locale.ROOT) + "-" + format.toUpperCase(Locale.ROOT) + ".gguf");
        if (!Files.exists(file)) {
            Process process = new ProcessBuilder(launcher.toString(), "bench", "synth", shape, format, file.toString())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            if (process.waitFor() != 0) {
                throw new BenchException("the model cannot be made");
            }
        }
        return file;
    }
}
