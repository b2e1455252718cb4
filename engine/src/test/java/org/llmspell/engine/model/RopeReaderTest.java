package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.RopeTable.Frequencies;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.kernels.KernelProvider;

class RopeReaderTest {
    private static final int DIMENSIONS = 16;
    private static final int TRAINED = 8192;

    @TempDir
    Path folder;

    private RopeTable table(Consumer<GgufWriter> settings) throws IOException {
        GgufWriter writer = new GgufWriter().put("llama.rope.freq_base", 10000f);
        settings.accept(writer);
        Path path = folder.resolve("rope.gguf");
        writer.write(path);
        try (GgufFile file = GgufFile.open(path);
                Arena arena = Arena.ofConfined()) {
            Tensors tensors = new Tensors(name -> file.tensor(name).orElse(null), KernelProvider.scalar(), arena);
            ModelSource source = new ModelSource(new Hyperparameters(file.metadata(), "llama"), tensors, 1);
            return new RopeReader(source, DIMENSIONS, TRAINED).table(false);
        }
    }

    private static void tensor(GgufWriter writer, String name, double... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        for (double value : values) {
            bytes.putFloat((float) value);
        }
        writer.tensor(name, BlockFormat.F32, List.of((long) values.length), bytes.array());
    }

    @Test
    void withoutScalingFrequenciesFallGeometrically() throws IOException {
        Frequencies frequencies = table(writer -> {}).frequencies(TRAINED);
        assertThat(frequencies.perPair()).hasSize(8);
        assertThat(frequencies.perPair()[0]).isEqualTo(1);
        assertThat(frequencies.perPair()[4]).isCloseTo(0.01, within(1e-12));
        assertThat(frequencies.magnitude()).isEqualTo(1);
    }

    @Test
    void linearScalingDividesEveryFrequencyAndNoneLeavesThem() throws IOException {
        assertThat(table(writer -> writer.put("llama.rope.scaling.factor", 4f))
                        .frequencies(1)
                        .perPair()[4])
                .isCloseTo(0.0025, within(1e-12));
        assertThat(table(writer -> writer.put("llama.rope.scaling.factor", 4f).put("llama.rope.scaling.type", "none"))
                        .frequencies(1)
                        .perPair()[4])
                .isCloseTo(0.01, within(1e-12));
    }

    @Test
    void yarnAgreesWithTheFormulasOfHuggingFaceTransformers() throws IOException {
        Frequencies frequencies = table(writer -> writer.put("llama.rope.scaling.type", "yarn")
                        .put("llama.rope.scaling.factor", 4f)
                        .put("llama.rope.scaling.original_context_length", 2048))
                .frequencies(TRAINED);
        // Computed in Python as _compute_yarn_parameters (modeling_rope_utils.py) does, base 10000, betas 32 and 1.
        double[] expected = {
            1.0,
            0.31622776601683794,
            0.1,
            0.02569350598886808,
            0.00625,
            0.0013834964763236657,
            0.00025,
            7.905694150420948e-05
        };
        assertThat(frequencies.perPair()).containsExactly(expected, within(1e-12));
        assertThat(frequencies.magnitude()).isCloseTo(1.138629436111989, within(1e-12));
    }

    @Test
    void factorsPerPairDivideItsFrequency() throws IOException {
        Frequencies frequencies = table(writer -> tensor(writer, "rope_freqs.weight", 1, 1, 1, 1, 2, 4, 8, 8))
                .frequencies(TRAINED);
        assertThat(frequencies.perPair()[3]).isCloseTo(Math.pow(10000, -6.0 / 16), within(1e-12));
        assertThat(frequencies.perPair()[4]).isCloseTo(0.005, within(1e-12));
        assertThat(frequencies.perPair()[6]).isCloseTo(Math.pow(10000, -12.0 / 16) / 8, within(1e-12));
    }

    @Test
    void longContextsHaveTheirOwnFactors() throws IOException {
        RopeTable table = table(writer -> {
            writer.put("llama.rope.scaling.original_context_length", 4096).put("llama.rope.scaling.attn_factor", 1.19f);
            tensor(writer, "rope_factors_short.weight", 1, 1, 1, 1, 1, 1, 1, 1);
            tensor(writer, "rope_factors_long.weight", 1, 1, 1, 1, 10, 10, 10, 10);
        });
        assertThat(table.variant(4096)).isZero();
        assertThat(table.variant(4097)).isEqualTo(1);
        assertThat(table.frequencies(4096).perPair()[4]).isCloseTo(0.01, within(1e-12));
        assertThat(table.frequencies(8192).perPair()[4]).isCloseTo(0.001, within(1e-12));
        assertThat(table.frequencies(8192).magnitude()).isCloseTo(1.19, within(1e-6));
    }

    @Test
    void nonsenseIsRefused() {
        assertThatThrownBy(() -> table(writer -> writer.put("llama.rope.dimension_count", 7)))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("rope.dimension_count");
        assertThatThrownBy(() -> table(writer -> writer.put("llama.rope.freq_base", Float.NaN)))
                .hasMessageContaining("rope.freq_base");
        assertThatThrownBy(() -> table(writer -> tensor(writer, "rope_freqs.weight", 1, 1, 1, 1, 2, 4, 8, 0)))
                .hasMessageContaining("rope_freqs.weight");
        assertThatThrownBy(() -> table(writer -> tensor(writer, "rope_freqs.weight", 1, 1)))
                .hasMessageContaining("shape");
    }
}
