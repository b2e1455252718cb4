package org.llmspell.engine.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.TensorInfo;
import org.llmspell.kernels.format.Codecs;
import org.llmspell.testing.LlamaCpp;
import org.llmspell.testing.TestData;

/** Whole files against those that llama.cpp writes, and what a report says against what is in the files. */
class ModelQuantizerTest {
    private static final Path MODEL = TestData.path("models/stories260K/stories260K-f32.gguf");

    @TempDir
    static Path folder;

    private static LlamaCpp llamaCpp;

    @BeforeAll
    static void start() {
        llamaCpp = LlamaCpp.start();
    }

    @AfterAll
    static void stop() {
        if (llamaCpp != null) {
            llamaCpp.close();
        }
    }

    private static QuantizationReport quantize(Recipe recipe, Path target, List<Long> progress) throws IOException {
        try (GgufFile file = GgufFile.open(MODEL)) {
            return ModelQuantizer.run(
                    QuantizationPlan.of(file, recipe, false, false), target, 2, (done, total) -> progress.add(done));
        }
    }

    // Rows of 64 and 172 elements: of the K formats' stand-ins with small blocks, and of F16 where not even those fit.
    @ParameterizedTest
    @EnumSource(
            names = {
                "F16", "BF16", "Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q3_K_L", "Q2_K",
                "TQ1_0"
            })
    void aTrainedModelBecomesWhatLlamaCppMakesOfIt(Recipe recipe) throws IOException {
        Path ours = folder.resolve("ours-" + recipe);
        Path theirs = folder.resolve("theirs-" + recipe);

        quantize(recipe, ours, new ArrayList<>());

        llamaCpp.quantize(MODEL, theirs, recipe.fileType(), false);
        try (GgufFile own = GgufFile.open(ours);
                GgufFile reference = GgufFile.open(theirs)) {
            assertThat(own.tensors()).hasSameSizeAs(reference.tensors());
            for (TensorInfo tensor : own.tensors()) {
                TensorInfo other = reference.tensor(tensor.name()).orElseThrow();
                assertThat(tensor.format()).as(tensor.name()).isEqualTo(other.format());
                assertThat(tensor.data().mismatch(other.data()))
                        .as(tensor.name())
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void theReportedErrorsAreThoseBetweenTheFiles() throws IOException {
        Path target = folder.resolve("reported");
        List<Long> progress = new ArrayList<>();

        QuantizationReport report = quantize(Recipe.Q4_0, target, progress);

        double errors = 0;
        double squares = 0;
        try (GgufFile before = GgufFile.open(MODEL);
                GgufFile after = GgufFile.open(target)) {
            assertThat(report.tensors()).hasSameSizeAs(before.tensors());
            for (QuantizationReport.Tensor tensor : report.tensors()) {
                TensorInfo old = before.tensor(tensor.name()).orElseThrow();
                TensorInfo converted = after.tensor(tensor.name()).orElseThrow();
                assertThat(tensor.bytesBefore()).isEqualTo(old.byteSize());
                assertThat(tensor.bytesAfter()).isEqualTo(converted.byteSize());
                if (old.format() == converted.format()) {
                    assertThat(tensor.relativeError()).as(tensor.name()).isEmpty();
                    continue;
                }
                float[] original = values(old);
                float[] rounded = values(converted);
                double error = 0;
                double square = 0;
                for (int i = 0; i < original.length; i++) {
                    error += Math.pow((double) original[i] - rounded[i], 2);
                    square += Math.pow(original[i], 2);
                }
                assertThat(tensor.relativeError().orElseThrow())
                        .as(tensor.name())
                        .isCloseTo(Math.sqrt(error / square), within(1e-9));
                errors += error;
                squares += square;
            }
            assertThat(report.relativeError().orElseThrow()).isCloseTo(Math.sqrt(errors / squares), within(1e-9));
            long total =
                    before.tensors().stream().mapToLong(TensorInfo::byteSize).sum();
            assertThat(report.bytesBefore()).isEqualTo(total);
            assertThat(progress).isSorted().endsWith(total);
        }
    }

    private static float[] values(TensorInfo tensor) {
        float[] values = new float[(int) tensor.elements()];
        Codecs.of(tensor.format())
                .decode(tensor.data(), 0, values.length / tensor.format().blockElements(), values, 0);
        return values;
    }
}
