package org.llmspell.engine.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.gguf.TensorInfo;
import org.llmspell.testing.LlamaCpp;

/** Which tensor gets which format, against what llama.cpp writes for the same file. */
class QuantizationPlanTest {
    @TempDir
    static Path folder;

    private static LlamaCpp llamaCpp;

    /** Models of zeros in shapes that choices depend on; only row lengths are real. */
    enum Shape {
        TIED("llama", 2, 4, 4, 0, 256, 512),
        UNTIED_SHARED_HEADS("llama", 17, 8, 2, 0, 256, 512),
        MANY_LAYERS("llama", 33, 4, 2, 0, 256, 256),
        EIGHT_EXPERTS("llama", 9, 8, 2, 8, 256, 512),
        FOUR_EXPERTS("llama", 16, 4, 4, 4, 256, 512),
        ODD_ROWS("llama", 9, 4, 4, 0, 288, 96),
        ODDER_ROWS("llama", 3, 4, 1, 0, 80, 40),
        SEVENTY_BILLION("llama", 80, 8, 1, 0, 256, 256),
        FALCON("falcon", 17, 4, 1, 0, 256, 512),
        JOINED_ATTENTION("phi3", 10, 4, 4, 0, 256, 512);

        final String architecture;
        final int layers;
        final int heads;
        final int keyValueHeads;
        final int experts;
        final int columns;
        final int inner;

        Shape(String architecture, int layers, int heads, int keyValueHeads, int experts, int columns, int inner) {
            this.architecture = architecture;
            this.layers = layers;
            this.heads = heads;
            this.keyValueHeads = keyValueHeads;
            this.experts = experts;
            this.columns = columns;
            this.inner = inner;
        }

        Path file() {
            return folder.resolve(name() + ".gguf");
        }

        void write() throws IOException {
            String a = architecture + ".";
            GgufWriter writer = new GgufWriter()
                    .put("general.architecture", architecture)
                    .put(a + "context_length", 64)
                    .put(a + "embedding_length", columns)
                    .put(a + "block_count", layers)
                    .put(a + "feed_forward_length", inner)
                    .put(a + "rope.dimension_count", columns / heads)
                    .put(a + "attention.head_count", heads)
                    .put(a + "attention.head_count_kv", keyValueHeads)
                    .put(a + "attention.layer_norm_epsilon", 1e-5f)
                    .put(a + "attention.layer_norm_rms_epsilon", 1e-5f);
            if (experts > 0) {
                writer.put(a + "expert_count", experts).put(a + "expert_used_count", 2);
            }
            tensor(writer, "token_embd.weight", columns, 6);
            tensor(writer, "output_norm.weight", columns);
            if (this != TIED) {
                tensor(writer, "output.weight", columns, 6);
            }
            for (int layer = layers - 1; layer >= 0; layer--) {
                layer(writer, "blk." + layer + ".");
            }
            writer.write(file());
        }

        private void layer(GgufWriter writer, String blk) {
            tensor(writer, blk + "attn_norm.weight", columns);
            if (this == FALCON || this == JOINED_ATTENTION) {
                tensor(writer, blk + "attn_qkv.weight", columns, 3);
            } else {
                tensor(writer, blk + "attn_q.weight", columns, 2);
                tensor(writer, blk + "attn_k.weight", columns, 2);
                tensor(writer, blk + "attn_v.weight", columns, 2);
            }
            tensor(writer, blk + "attn_output.weight", columns, 2);
            tensor(writer, blk + "attn_output.bias", 2);
            if (experts > 0) {
                tensor(writer, blk + "ffn_gate_inp.weight", columns, experts);
                tensor(writer, blk + "ffn_gate_exps.weight", columns, 2, experts);
                tensor(writer, blk + "ffn_up_exps.weight", columns, 2, experts);
                tensor(writer, blk + "ffn_down_exps.weight", inner, 2, experts);
                tensor(writer, blk + "ffn_down_shexp.weight", inner, 2);
            } else {
                tensor(writer, blk + "ffn_up.weight", columns, 2);
                tensor(writer, blk + "ffn_down.weight", inner, 2);
            }
            tensor(writer, blk + "ssm_conv1d.weight", 4, 2);
            tensor(writer, blk + "one_row.weight", columns, 1);
        }

        private static void tensor(GgufWriter writer, String name, long... shape) {
            List<Long> dimensions = java.util.Arrays.stream(shape).boxed().toList();
            long elements = dimensions.stream().reduce(1L, Math::multiplyExact);
            writer.tensor(name, BlockFormat.F32, dimensions, new byte[(int) elements * Float.BYTES]);
        }
    }

    @BeforeAll
    static void start() throws IOException {
        llamaCpp = LlamaCpp.start();
        for (Shape shape : Shape.values()) {
            shape.write();
        }
    }

    @AfterAll
    static void stop() {
        if (llamaCpp != null) {
            llamaCpp.close();
        }
    }

    // llama.cpp does not make Q2_K_S without an importance matrix.
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "Q2_K_S")
    void everyTensorGetsTheFormatThatLlamaCppGivesIt(Recipe recipe) throws IOException {
        for (Shape shape : Shape.values()) {
            for (boolean pure : new boolean[] {false, true}) {
                Path theirs = folder.resolve(shape + "-" + recipe + pure + ".gguf");
                llamaCpp.quantize(shape.file(), theirs, recipe.fileType(), pure);
                try (GgufFile source = GgufFile.open(shape.file());
                        GgufFile quantized = GgufFile.open(theirs)) {
                    Map<String, BlockFormat> expected = new TreeMap<>();
                    for (TensorInfo tensor : quantized.tensors()) {
                        expected.put(tensor.name(), tensor.format());
                    }
                    Map<String, BlockFormat> planned = new TreeMap<>();
                    QuantizationPlan plan = QuantizationPlan.of(source, recipe, pure, false);
                    plan.steps().forEach(step -> planned.put(step.tensor().name(), step.format()));

                    assertThat(planned).as("%s of %s", recipe, shape).isEqualTo(expected);
                    assertThat(quantized.metadata().intValue("general.file_type"))
                            .hasValue(recipe.fileType());
                }
            }
        }
    }

    @Test
    void aTensorThatGetsAnotherFormatThanWantedIsMarked() throws IOException {
        try (GgufFile file = GgufFile.open(Shape.ODD_ROWS.file())) {
            QuantizationPlan plan = QuantizationPlan.of(file, Recipe.Q4_K_S, false, false);

            assertThat(plan.steps())
                    .filteredOn(step -> step.tensor().name().equals("blk.8.attn_q.weight"))
                    .singleElement()
                    .satisfies(step -> {
                        assertThat(step.format()).isEqualTo(BlockFormat.Q5_0);
                        assertThat(step.fallback()).isTrue();
                    });
            assertThat(plan.steps())
                    .filteredOn(step -> step.tensor().name().equals("blk.8.attn_norm.weight"))
                    .singleElement()
                    .satisfies(step -> {
                        assertThat(step.isCopy()).isTrue();
                        assertThat(step.fallback()).isFalse();
                    });
        }
    }

    @Test
    void namesOfFormatsAreReadInAnyCaseAndWrongOnesAreRefusedWithTheReason() {
        assertThat(Recipe.of("q4_k_m")).isEqualTo(Recipe.Q4_K_M);
        assertThat(Recipe.of("Q5_K")).isEqualTo(Recipe.Q5_K_M);
        assertThat(Recipe.of("mxfp4")).isEqualTo(Recipe.MXFP4_MOE);
        assertThatThrownBy(() -> Recipe.of("IQ2_XS"))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.INVALID_OPTION))
                .hasMessageContaining("importance matrix");
        assertThatThrownBy(() -> Recipe.of("Q7_K"))
                .isInstanceOf(EngineException.class)
                .hasMessage("\"Q7_K\" is no format to convert to");
    }
}
