package org.llmspell.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.llmspell.fixtures.Preset;
import org.llmspell.fixtures.WeightMix;

/** Models with random weights, made once and kept. */
final class TestModel {
    private TestModel() {}

    /**
     * The model of that shape in that format.
     *
     * @throws BenchException if there is no such shape or format
     */
    static Path of(Path folder, String shape, String format, PrintStream err) throws IOException {
        Preset preset = Preset.named(shape)
                .orElseThrow(() -> new BenchException("no shape \"" + shape + "\"; there are "
                        + Arrays.stream(Preset.values()).map(Preset::label).collect(Collectors.joining(", "))));
        WeightMix mix;
        try {
            mix = WeightMix.named(format);
        } catch (IllegalArgumentException e) {
            throw new BenchException("no format \"" + format + "\"; take one such as Q4_K_M, Q8_0 or F16");
        }
        Files.createDirectories(folder);
        Path file = folder.resolve(preset.label() + "-" + mix.name().toUpperCase(Locale.ROOT) + ".gguf");
        if (!Files.exists(file)) {
            err.println("writing " + file + " ...");
            preset.model(mix).write(file);
        }
        return file;
    }
}
