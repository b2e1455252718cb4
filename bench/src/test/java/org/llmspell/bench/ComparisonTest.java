package org.llmspell.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.engine.speed.SpeedTest;
import org.llmspell.fixtures.SyntheticModel;

/** Both engines on a tiny model, in processes of their own; skipped where there is no llama.cpp. */
class ComparisonTest {
    @TempDir
    Path folder;

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @BeforeEach
    void needsLlamaCpp() {
        try {
            LlamaCpp.check(LlamaCpp.FOLDER);
        } catch (BenchException absent) {
            Assumptions.abort(absent.getMessage());
        }
    }

    private Comparison.Result run(Path file, String variant) throws IOException {
        List<SpeedTest> tests = Stream.of("pp40", "tg4", "tg4@d70")
                .map(name -> SpeedTest.named(name).orElseThrow())
                .toList();
        Comparison.Setup setup = new Comparison.Setup(2, "scalar", LlamaCpp.FOLDER, variant);
        return new Comparison(setup, tests, 2, new PrintStream(said, true, StandardCharsets.UTF_8)).run(file);
    }

    @Test
    void eachTestHasAFigureOfEachEngine() throws IOException {
        Path model = folder.resolve("tiny.gguf");
        SyntheticModel.tiny().write(model);

        Comparison.Result result = run(model, "haswell");

        assertThat(result.ours()).isEqualTo("llmspell, scalar");
        assertThat(result.theirs()).isEqualTo("llama.cpp v0.5.0, haswell");
        assertThat(result.figures().stream().map(Figures::test)).containsExactly("pp40", "tg4", "tg4@d70", "memory");
        assertThat(result.figures()).allSatisfy(figures -> {
            assertThat(figures.ours()).isPositive();
            assertThat(figures.theirs()).isPositive();
        });
        assertThat(result.decodeShare()).isPresent();
        assertThat(said.toString(StandardCharsets.UTF_8)).contains("round 2 of 2, tg4@d70: ");
    }

    @Test
    void anEngineThatCannotGoOnSaysWhy() throws IOException {
        Path text = Files.writeString(folder.resolve("text.gguf"), "hello");
        Path model = folder.resolve("tiny.gguf");
        SyntheticModel.tiny().write(model);

        assertThatThrownBy(() -> run(text, "auto")).isInstanceOf(BenchException.class);
        assertThatThrownBy(() -> run(model, "none"))
                .isInstanceOf(BenchException.class)
                .hasMessageContaining("llama.cpp ended when told to start")
                .hasMessageContaining("libggml-cpu-none.so");
    }
}
