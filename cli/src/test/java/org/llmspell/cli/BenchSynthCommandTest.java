package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.cli.console.Cancellation;
import org.llmspell.engine.quantize.Recipe;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.TensorInfo;
import org.llmspell.local.json.JsonText;

/** {@code bench synth} on the command line: files that load, in the formats that quantizing would give, or nothing. */
class BenchSynthCommandTest {
    @TempDir
    Path home;

    private Shell.Outcome run(String... args) {
        return new Shell(home).run(args);
    }

    private Shell.Outcome synth(String shape, String format, Path target) {
        return run("bench", "synth", shape, format, target.toString());
    }

    private static Map<String, BlockFormat> formats(Path path) throws IOException {
        try (GgufFile file = GgufFile.open(path)) {
            return file.tensors().stream().collect(Collectors.toMap(TensorInfo::name, TensorInfo::format));
        }
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(home)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void theFileHasTheShapesTensorsAndRuns() throws IOException {
        Path target = home.resolve("out.gguf");

        Shell.Outcome outcome = synth("TINY", "q8_0", target);

        assertThat(outcome.out()).isEqualTo(target + ": tiny in Q8_0, 91 KB\n");
        assertThat(outcome.err()).startsWith("writing ").contains("100%");
        assertThat(outcome.code()).isZero();
        try (GgufFile file = GgufFile.open(target)) {
            Map<String, List<Long>> shapes =
                    file.tensors().stream().collect(Collectors.toMap(TensorInfo::name, TensorInfo::shape));
            assertThat(shapes)
                    .hasSize(2 * 9 + 2)
                    .containsEntry("token_embd.weight", List.of(64L, 384L))
                    .containsEntry("blk.1.attn_k.weight", List.of(64L, 32L))
                    .containsEntry("blk.0.ffn_down.weight", List.of(96L, 64L))
                    .containsEntry("output_norm.weight", List.of(64L));
        }
        assertThat(run("bench", target.toString(), "--tests", "pp8,tg2", "--depth", "0")
                        .code())
                .isZero();
    }

    @Test
    void jsonSaysWhatWasWritten() throws IOException {
        Path target = home.resolve("out.gguf");
        Shell.Outcome outcome = run("bench", "synth", "tiny", "F16", target.toString(), "--output", "json");

        long bytes;
        try (GgufFile file = GgufFile.open(target)) {
            bytes = file.tensors().stream().mapToLong(TensorInfo::byteSize).sum();
        }
        assertThat(JsonText.parse(outcome.out()))
                .isEqualTo(JsonText.parse("{\"output\":\"" + target
                        + "\",\"shape\":\"tiny\",\"format\":\"F16\",\"bytes\":" + bytes + ",\"tensors\":20}"));
    }

    @ParameterizedTest
    @EnumSource(
            value = Recipe.class,
            names = {"Q4_K_M", "Q3_K_L", "Q2_K", "IQ4_XS", "TQ2_0", "BF16"})
    void tensorsHaveTheFormatsThatQuantizingGives(Recipe recipe) throws IOException {
        Path synthetic = home.resolve("synthetic.gguf");
        Path full = home.resolve("full.gguf");
        Path quantized = home.resolve("quantized.gguf");
        synth("tiny", recipe.name(), synthetic);
        synth("tiny", "F32", full);
        run("quantize", full.toString(), quantized.toString(), recipe.name());

        assertThat(formats(synthetic)).isEqualTo(formats(quantized));
        try (GgufFile file = GgufFile.open(synthetic)) {
            assertThat(file.metadata().intValue("general.file_type")).hasValue(recipe.fileType());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"IQ2_XXS", "NVFP4"})
    void aBlockFormatThatNothingIsConvertedToIsThatOfAllMatricesItFits(String format) throws IOException {
        Path target = home.resolve("out.gguf");

        assertThat(synth("tiny", format, target).code()).isZero();

        Map<BlockFormat, Long> counts = formats(target).values().stream()
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        assertThat(counts).containsEntry(BlockFormat.F32, 5L).hasSizeBetween(2, 3);
    }

    @Test
    void whatIsThereIsReplacedOnlyByForce() throws IOException {
        Path target = Files.writeString(home.resolve("out.gguf"), "precious");

        Shell.Outcome refused = synth("tiny", "Q8_0", target);
        assertThat(refused.error()).isEqualTo("Error: " + target + " exists already");
        assertThat(refused.code()).isEqualTo(1);
        assertThat(target).hasContent("precious");

        assertThat(run("bench", "synth", "tiny", "Q8_0", target.toString(), "--force")
                        .code())
                .isZero();
        assertThat(formats(target)).hasSize(20);
    }

    @Test
    void wrongNamesAndPlacesSaySoAndNothingIsWritten() throws IOException {
        Path target = home.resolve("out.gguf");
        assertThat(synth("gpt-5", "Q8_0", target).error()).isEqualTo("Error: \"gpt-5\" is no shape");
        assertThat(synth("gpt-5", "Q8_0", target).err()).contains("tinyllama-1.1b", "mistral-7b");
        assertThat(synth("tiny", "Q9_9", target).error()).isEqualTo("Error: \"Q9_9\" is no format of weights");
        assertThat(synth("tiny", "I8", target).error()).isEqualTo("Error: \"I8\" is no format of weights");
        assertThat(synth("tiny", "Q8_0", home.resolve("none/out.gguf")).error())
                .isEqualTo("Error: There is no folder " + home.resolve("none"));
        assertThat(synth("tiny", "Q8_0", home).error()).isEqualTo("Error: " + home + " is a folder");
        assertThat(run("bench", "synth", "tiny").code()).isEqualTo(2);
        assertThat(files()).isEmpty();
    }

    @Test
    void ctrlCLeavesNothing() throws IOException {
        Shell.Outcome outcome = new Shell(home)
                .watchedBy(Cancellation::cancel)
                .run("bench", "synth", "tiny", "F32", home.resolve("out.gguf").toString());

        assertThat(outcome.code()).isEqualTo(130);
        assertThat(files()).isEmpty();
    }
}
