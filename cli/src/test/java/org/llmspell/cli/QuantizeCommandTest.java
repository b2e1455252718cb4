package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.cli.console.Cancellation;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.GgufValue;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.local.json.JsonText;

/** {@code quantize} on the command line: what is written, what is said, and what is left when it does not work. */
class QuantizeCommandTest {
    private static final ModelShape SHAPE = ModelShape.builder()
            .layers(8)
            .embedding(256)
            .heads(4, 1, 64)
            .feedForward(288)
            .tiedOutput(false)
            .build();

    @TempDir
    Path home;

    private Path source;
    private Path target;

    @BeforeEach
    void writeModel() throws IOException {
        source = home.resolve("model-f32.gguf");
        target = home.resolve("model-q4.gguf");
        writer().write(source);
    }

    private static GgufWriter writer() {
        return SyntheticModel.tiny()
                .withShape(SHAPE)
                .withMix(WeightMix.uniform(BlockFormat.F32))
                .withChatTemplate(SyntheticModel.CHATML)
                .writer()
                .alignment(64)
                .put("general.file_type", 0)
                .put("custom.numbers", GgufValue.ints(7, 8));
    }

    private Shell shell() {
        return new Shell(home).with("LLMSPELL_MODEL_DIR", home.resolve("models").toString());
    }

    private Shell.Outcome run(String... args) {
        return shell().run(args);
    }

    private Shell.Outcome quantize(Path from, String format, String... more) {
        List<String> args = new ArrayList<>(List.of("quantize", from.toString(), target.toString(), format));
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    /** Files beside the source, the hidden ones too. */
    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(home)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aModelBecomesSmallerAndKeepsAllItsMetadata() throws IOException {
        Shell.Outcome outcome = quantize(source, "q4_k_m");

        assertThat(outcome.code()).isZero();
        assertThat(outcome.out().lines().filter(line -> line.startsWith("blk.1.attn_q.weight")))
                .singleElement()
                .asString()
                .matches("blk.1.attn_q.weight\\s+F32\\s+Q4_K\\s+256 KB\\s+36 KB\\s+[4-9]\\.\\d{3}%");
        assertThat(outcome.out()).contains("Q5_0*", "* another format was wanted");
        assertThat(outcome.out().lines().reduce((a, b) -> b).orElseThrow())
                .matches("Q4_K_M: .* MB became .* MB, error \\d\\.\\d{3}%: " + target);
        assertThat(outcome.err()).startsWith("quantizing ").contains("100%");
        try (GgufFile before = GgufFile.open(source);
                GgufFile after = GgufFile.open(target)) {
            Map<String, GgufValue> expected =
                    new java.util.TreeMap<>(before.metadata().values());
            expected.put("general.file_type", GgufValue.uint32(15));
            expected.put("general.quantization_version", GgufValue.uint32(2));
            assertThat(after.metadata().values().keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
            expected.forEach((key, value) -> assertThat(
                            String.valueOf(after.metadata().values().get(key)))
                    .as(key)
                    .isEqualTo(String.valueOf(value)));
            assertThat(after.tensors().stream().map(tensor -> tensor.name() + tensor.shape()))
                    .containsExactlyElementsOf(before.tensors().stream()
                            .map(tensor -> tensor.name() + tensor.shape())
                            .toList());
            assertThat(after.tensor("output.weight").orElseThrow().format()).isEqualTo(BlockFormat.Q6_K);
            assertThat(after.tensor("output_norm.weight")
                            .orElseThrow()
                            .data()
                            .mismatch(before.tensor("output_norm.weight")
                                    .orElseThrow()
                                    .data()))
                    .isEqualTo(-1);
        }
        assertThat(Files.size(target)).isLessThan(Files.size(source) / 5);
    }

    @Test
    void jsonHasEveryTensorWithItsError() {
        Shell.Outcome outcome = quantize(source, "Q8_0", "--output", "json");

        assertThat(JsonText.parse(outcome.out())).isInstanceOfSatisfying(Map.class, document -> {
            assertThat(document.get("format")).isEqualTo("Q8_0");
            assertThat(((Number) document.get("relative_rmse")).doubleValue()).isBetween(0.003, 0.01);
            assertThat(((Number) document.get("bytes_after")).longValue())
                    .isLessThan(((Number) document.get("bytes_before")).longValue() / 3);
            List<?> tensors = (List<?>) document.get("tensors");
            assertThat(tensors).hasSize(8 * 9 + 3);
            assertThat(tensors)
                    .anySatisfy(tensor -> assertThat(tensor).isInstanceOfSatisfying(Map.class, fields -> {
                        assertThat(fields.get("name")).isEqualTo("blk.0.attn_norm.weight");
                        assertThat(fields.get("from")).isEqualTo("F32");
                        assertThat(fields.get("to")).isEqualTo("F32");
                        assertThat(fields.get("relative_rmse")).isNull();
                    }));
        });
    }

    @Test
    void theSameModelGivesTheSameFileWhateverTheThreads() throws IOException {
        quantize(source, "Q3_K_M");
        byte[] first = Files.readAllBytes(target);
        Files.writeString(home.resolve("one.toml"), "[providers.candle.options]\nthreads = 1\n");

        Shell.Outcome again = quantize(
                source,
                "Q3_K_M",
                "--force",
                "--config",
                home.resolve("one.toml").toString());

        assertThat(again.code()).isZero();
        assertThat(Files.readAllBytes(target)).isEqualTo(first);
    }

    @Test
    void aSplitModelBecomesOneFile() throws IOException {
        List<Path> parts = writer().writeSplit(home, "split", 30);
        quantize(source, "Q6_K");
        byte[] whole = Files.readAllBytes(target);

        Shell.Outcome outcome = quantize(parts.get(1), "Q6_K", "--force");

        assertThat(outcome.code()).isZero();
        assertThat(Files.readAllBytes(target)).isEqualTo(whole);
    }

    @Test
    void anInstalledModelIsFoundByItsName() {
        run("model", "import", source.toString(), "mine:F32");

        assertThat(run("quantize", "mine:F32", target.toString(), "BF16").code())
                .isZero();
        assertThat(run("model", "info", target.toString()).out()).contains("Quantization:      BF16");
    }

    @Test
    void aQuantizedModelIsConvertedOnlyWhereAskedTo() {
        quantize(source, "Q8_0");
        Path coarser = home.resolve("coarser.gguf");

        Shell.Outcome refused = run("quantize", target.toString(), coarser.toString(), "Q4_0");
        assertThat(refused.error()).contains("is quantized already, as Q8_0");
        assertThat(refused.err()).contains("--allow-requantize");
        assertThat(refused.code()).isEqualTo(1);
        assertThat(coarser).doesNotExist();

        assertThat(run("quantize", target.toString(), coarser.toString(), "Q4_0", "--allow-requantize")
                        .code())
                .isZero();
    }

    @Test
    void aFileIsReplacedOnlyByForceAndNeverByItself() throws IOException {
        Files.writeString(target, "precious");

        assertThat(quantize(source, "Q4_0").error()).isEqualTo("Error: " + target + " exists already");
        assertThat(target).hasContent("precious");
        assertThat(run("quantize", source.toString(), source.toString(), "Q4_0", "--force")
                        .error())
                .isEqualTo("Error: A model cannot be written over itself: " + source);
        assertThat(quantize(source, "Q4_0", "--force").code()).isZero();
        assertThat(files()).containsExactly("model-f32.gguf", "model-q4.gguf");
    }

    @Test
    void aWeightThatIsNoNumberIsNamedAndNothingIsLeft() throws IOException {
        byte[] bytes = Files.readAllBytes(source);
        try (GgufFile file = GgufFile.open(source)) {
            // The last tensor's bytes end the file, but for padding.
            var last = file.tensors().getLast();
            long start = Files.size(source) - Math.ceilDiv(last.byteSize(), 64L) * 64;
            int at = (int) (start + 4 * (3 * last.columns() + 5));
            bytes[at + 2] = (byte) 0xC0;
            bytes[at + 3] = 0x7F;
        }
        Files.write(source, bytes);

        Shell.Outcome outcome = quantize(source, "Q4_K_M");

        assertThat(outcome.err()).contains(" holds NaN at row 3, column 5, which is no weight");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(files()).containsExactly("model-f32.gguf");
    }

    @Test
    void aFormatThatIsNoneNamesThoseThatAre() {
        Shell.Outcome unknown = quantize(source, "Q9_K");
        assertThat(unknown.error()).isEqualTo("Error: \"Q9_K\" is no format to convert to");
        assertThat(unknown.err()).contains("Q4_K_M");
        assertThat(quantize(source, "IQ1_S").error()).contains("importance matrix");
    }

    @Test
    void aFolderThatIsNotThereIsNamed() {
        target = home.resolve("none/out.gguf");
        assertThat(quantize(source, "Q4_0").error()).isEqualTo("Error: There is no folder " + home.resolve("none"));
    }

    @Test
    void ctrlCLeavesNothing() throws IOException {
        Shell.Outcome outcome =
                shell().watchedBy(Cancellation::cancel).run("quantize", source.toString(), target.toString(), "Q4_K_M");

        assertThat(outcome.code()).isEqualTo(130);
        assertThat(files()).containsExactly("model-f32.gguf");
    }

    @Test
    void infoShowsFormatsTokenizerAndWhatTheTemplateCanDo() {
        quantize(source, "Q4_K_S");

        assertThat(run("model", "info", target.toString()).out())
                .containsPattern("Formats: +\\d+ x Q4_K, .*\\d+ x F32")
                .containsPattern("Template supports: system\n")
                .containsPattern("Tokenizer: +llama\n")
                .containsPattern("Vocabulary: +384 tokens\n");
        assertThat(run("model", "info", target.toString(), "--output", "json").out())
                .contains("\"template_supports\":\"system\"");
    }
}
