package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.fixtures.Architecture;
import org.llmspell.fixtures.ExpertArchitecture;
import org.llmspell.fixtures.ExpertArchitecture.Part;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.RopeShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.Kernels;
import org.llmspell.testing.LlamaCpp;

/** Small random models of every architecture with experts against llama.cpp: logits at every position, and greedy text. */
class ExpertModelsTest {
    private static final int[] PROMPT = {
        1, 17, 203, 107, 261, 178, 12, 90, 55, 301, 22, 17, 260, 99, 5, 350, 371, 8, 41, 300, 77, 77, 140, 312
    };
    private static final int CONTINUED = 12;

    private static LlamaCpp llama;

    @TempDir
    Path folder;

    record Case(String name, Architecture architecture, ModelShape shape, WeightMix mix, double tolerance) {
        @Override
        public String toString() {
            return name + " " + mix.name();
        }
    }

    @BeforeAll
    static void start() {
        llama = LlamaCpp.start();
    }

    @AfterAll
    static void stop() {
        if (llama != null) {
            llama.close();
        }
    }

    static Stream<Case> models() {
        ModelShape plain = ModelShape.builder().feedForward(128).tiedOutput(false).build();
        ModelShape.Builder base = ModelShape.builder().layers(3).feedForward(160).tiedOutput(false);
        return Stream.of(
                        f32("mixtral", ExpertArchitecture.of("llama", 4, 2, 128), plain),
                        f32(
                                "qwen2moe",
                                ExpertArchitecture.of("qwen2moe", 8, 3, 48, Part.SHARED_GATE).withShared(96),
                                base.attentionBias(true).build()),
                        f32(
                                "qwen3moe",
                                ExpertArchitecture.of("qwen3moe", 8, 2, 96, Part.HEAD_NORMS),
                                base.attentionBias(false).build()),
                        f32(
                                "olmoe",
                                ExpertArchitecture.of("olmoe", 8, 2, 128, Part.WHOLE_NORMS),
                                plain.toBuilder().heads(4, 4, 16).build()),
                        f32(
                                "granitemoe",
                                ExpertArchitecture.of("granitemoe", 6, 2, 128)
                                        .with("logit_scale", 4f)
                                        .with("residual_scale", 0.7f)
                                        .with("embedding_scale", 3f)
                                        .with("attention.scale", 0.3f),
                                plain),
                        f32(
                                "granitemoe shared",
                                ExpertArchitecture.of("granitemoe", 6, 2, 128)
                                        .withShared(64)
                                        .with("logit_scale", 4f),
                                plain),
                        f32("gpt-oss", gptOss(), gptOssShape()),
                        f32(
                                "deepseek",
                                ExpertArchitecture.of("deepseek", 8, 3, 48)
                                        .withShared(96)
                                        .withLeadingDense(1)
                                        .with("expert_weights_scale", 1.5f),
                                base.build()),
                        f32(
                                "dots1",
                                ExpertArchitecture.of("dots1", 8, 3, 48, Part.HEAD_NORMS, Part.CHOICE_BIAS)
                                        .withShared(96)
                                        .withLeadingDense(1)
                                        .with("expert_weights_norm", true)
                                        .with("expert_gating_func", 2)
                                        .with("expert_weights_scale", 2.5f),
                                base.heads(4, 4, 16).build()),
                        f32(
                                "glm4moe",
                                ExpertArchitecture.of(
                                                "glm4moe",
                                                8,
                                                2,
                                                48,
                                                Part.HEAD_NORMS,
                                                Part.CHOICE_BIAS,
                                                Part.POST_ATTENTION_NORM)
                                        .withShared(48)
                                        .withLeadingDense(1)
                                        .with("expert_weights_norm", true)
                                        .with("rope.dimension_count", 8),
                                base.heads(4, 2, 16).attentionBias(true).build()),
                        f32(
                                "glm4moe air",
                                ExpertArchitecture.of("glm4moe", 8, 2, 48, Part.CHOICE_BIAS, Part.POST_ATTENTION_NORM)
                                        .withShared(48)
                                        .withLeadingDense(1)
                                        .with("expert_weights_norm", false),
                                base.build()),
                        f32(
                                "ernie4_5-moe",
                                ExpertArchitecture.of("ernie4_5-moe", 8, 3, 48, Part.CHOICE_BIAS)
                                        .withShared(96)
                                        .withLeadingDense(1)
                                        .with("interleave_moe_layer_step", 1),
                                base.attentionBias(false).build()),
                        f32(
                                "bailingmoe",
                                ExpertArchitecture.of("bailingmoe", 8, 3, 48)
                                        .withShared(96)
                                        .with("expert_weights_scale", 1f)
                                        .with("expert_weights_norm", true),
                                base.build()),
                        f32(
                                "hunyuan-moe",
                                ExpertArchitecture.of("hunyuan-moe", 8, 2, 160, Part.HEAD_NORMS)
                                        .withShared(96),
                                base.build()),
                        new Case("gpt-oss", gptOss(), gptOssShape(), mxfp4(), 1e-4),
                        new Case(
                                "qwen3moe",
                                ExpertArchitecture.of("qwen3moe", 8, 2, 96, Part.HEAD_NORMS),
                                base.build(),
                                WeightMix.uniform(BlockFormat.Q8_0),
                                1e-4));
    }

    private static Case f32(String name, ExpertArchitecture architecture, ModelShape shape) {
        return new Case(name, architecture, shape, WeightMix.uniform(BlockFormat.F32), 1e-4);
    }

    private static ExpertArchitecture gptOss() {
        return ExpertArchitecture.of(
                        "gpt-oss",
                        8,
                        3,
                        64,
                        Part.SINKS,
                        Part.OUTPUT_BIAS,
                        Part.EXPERT_BIASES,
                        Part.POST_ATTENTION_NORM)
                .with("attention.sliding_window", 7);
    }

    private static ModelShape gptOssShape() {
        return ModelShape.builder()
                .layers(3)
                .embedding(64)
                .heads(8, 2, 16)
                .attentionBias(true)
                .tiedOutput(false)
                .rope(new RopeShape(150_000, RopeShape.Scaling.YARN, 32, 64))
                .build();
    }

    /** As gpt-oss is published: the experts in MXFP4, all else in higher precision. */
    private static WeightMix mxfp4() {
        return new WeightMix("MXFP4_MOE", OptionalInt.of(38), (role, layer, shape) -> switch (role) {
            case FEED_FORWARD_GATE, FEED_FORWARD_UP, FEED_FORWARD_DOWN -> BlockFormat.MXFP4;
            default -> BlockFormat.Q8_0;
        });
    }

    @ParameterizedTest
    @MethodSource("models")
    void logitsAndGreedyTextAreThoseOfLlamaCpp(Case model) throws IOException {
        Path file = folder.resolve("model.gguf");
        new SyntheticModel(
                        model.name,
                        model.architecture,
                        model.shape,
                        model.mix,
                        Optional.of(SyntheticVocabulary.sentencePiece(model.shape.vocabulary())),
                        Optional.empty(),
                        7)
                .write(file);
        Path exact = Expanded.of(file, folder.resolve("float32.gguf"));
        float[][] expected = llama.logits(exact, PROMPT);
        int[] continuation = llama.greedy(exact, PROMPT, CONTINUED);
        for (Kernels kernels : List.of(KernelProvider.scalar(), KernelProvider.best())) {
            try (BareModel ours = new BareModel(file, kernels, 2)) {
                for (int chunk : new int[] {PROMPT.length, 7, 1}) {
                    float[][] logits = ours.logits(PROMPT, chunk);
                    double most = 0;
                    for (int i = 0; i < PROMPT.length; i++) {
                        most = Math.max(most, BareModel.largestDifference(logits[i], expected[i]));
                    }
                    System.err.println(model + " " + kernels.name() + " " + chunk + " " + most + " " + java.util.stream.IntStream.range(0, PROMPT.length).mapToObj(i -> "%.3f".formatted(BareModel.largestDifference(logits[i], expected[i]))).toList());
                    assertThat(most)
                            .as("%s kernels, chunks of %d", kernels.name(), chunk)
                            .isLessThan(model.tolerance);
                }
                assertThat(ours.greedy(PROMPT, CONTINUED))
                        .as(Arrays.toString(continuation))
                        .isEqualTo(continuation);
            }
        }
    }
}
