package org.llmspell.engine.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.llmspell.fixtures.Architecture;
import org.llmspell.fixtures.DecoderArchitecture;
import org.llmspell.fixtures.DecoderPart;
import org.llmspell.fixtures.ExpertArchitecture;
import org.llmspell.fixtures.ExpertArchitecture.Part;
import org.llmspell.fixtures.LatentArchitecture;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.RopeShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufValue;

/** Tiny random models of every architecture with experts, in configurations that real models have. */
final class ExpertModels {
    /** One model. */
    record Case(Architecture architecture, ModelShape shape, WeightMix mix) {
        void write(Path file) throws IOException {
            SyntheticModel.of(architecture, shape, mix)
                    .withVocabulary(SyntheticVocabulary.sentencePiece(shape.vocabulary()))
                    .withSeed(7)
                    .write(file);
        }

        @Override
        public String toString() {
            return architecture.name() + " " + mix.name();
        }
    }

    private ExpertModels() {}

    static Stream<Case> all() {
        ModelShape.Builder plain = ModelShape.builder().feedForward(128).tiedOutput(false);
        ModelShape two = plain.build();
        ModelShape wide = plain.layers(3).feedForward(160).heads(4, 2, 24).build();
        ModelShape equal = plain.heads(4, 4, 16).build();
        DecoderArchitecture granite = dense("granitemoe").with("logit_scale", 4f);
        DecoderArchitecture bias = dense("qwen2moe", DecoderPart.QKV_BIAS);
        DecoderArchitecture qwen3 = dense("qwen3moe", DecoderPart.HEAD_NORMS);
        DecoderArchitecture glm = dense("glm4moe", DecoderPart.FEED_FORWARD_NORM_AFTER_ATTENTION);
        return Stream.concat(
                Stream.of(
                        f32(ExpertArchitecture.of(dense("llama"), 4, 2, 128), two),
                        f32(ExpertArchitecture.of(dense("llama"), 8, 3, 160), wide),
                        f32(
                                ExpertArchitecture.of(bias, 8, 3, 48, Part.SHARED_GATE)
                                        .withShared(96),
                                equal),
                        f32(ExpertArchitecture.of(qwen3, 8, 2, 96), wide),
                        q8(ExpertArchitecture.of(qwen3, 8, 2, 96), wide),
                        f32(
                                ExpertArchitecture.of(
                                        dense("qwen3vlmoe", DecoderPart.HEAD_NORMS)
                                                .with("rope.dimension_sections", GgufValue.ints(3, 3, 2, 0)),
                                        8,
                                        2,
                                        96),
                                equal),
                        f32(ExpertArchitecture.of(dense("olmoe", DecoderPart.WHOLE_NORMS), 8, 2, 160), equal),
                        f32(
                                ExpertArchitecture.of(
                                        granite.with("residual_scale", 0.7f)
                                                .with("embedding_scale", 3f)
                                                .with("attention.scale", 0.3f),
                                        6,
                                        2,
                                        128),
                                two),
                        f32(ExpertArchitecture.of(granite, 6, 2, 128).withShared(64), two),
                        f32(gptOss(), gptOssShape()),
                        new Case(gptOss(), gptOssShape(), mxfp4()),
                        f32(
                                ExpertArchitecture.of(dense("deepseek").with("expert_weights_scale", 1.5f), 8, 3, 48)
                                        .withShared(96)
                                        .withLeadingDense(1),
                                equal),
                        f32(
                                ExpertArchitecture.of(
                                                dense("dots1", DecoderPart.HEAD_NORMS)
                                                        .with("expert_weights_norm", GgufValue.bool(true))
                                                        .with("expert_gating_func", 2)
                                                        .with("expert_weights_scale", 2.5f),
                                                8,
                                                3,
                                                48,
                                                Part.CHOICE_BIAS)
                                        .withShared(96)
                                        .withLeadingDense(1),
                                equal),
                        f32(
                                ExpertArchitecture.of(
                                                glm.with(DecoderPart.HEAD_NORMS)
                                                        .with(DecoderPart.QKV_BIAS)
                                                        .with("expert_weights_norm", GgufValue.bool(true)),
                                                8,
                                                2,
                                                48,
                                                Part.CHOICE_BIAS)
                                        .withShared(48)
                                        .withLeadingDense(1),
                                wide.toBuilder()
                                        .rope(RopeShape.of(10_000).partial(8))
                                        .build()),
                        f32(
                                ExpertArchitecture.of(glm, 8, 2, 48, Part.CHOICE_BIAS)
                                        .withShared(48)
                                        .withLeadingDense(1),
                                wide),
                        f32(
                                ExpertArchitecture.of(
                                                dense("ernie4_5-moe").with("interleave_moe_layer_step", 1),
                                                8,
                                                3,
                                                48,
                                                Part.CHOICE_BIAS)
                                        .withShared(96)
                                        .withLeadingDense(1),
                                wide),
                        f32(
                                ExpertArchitecture.of(
                                                dense("bailingmoe").with("expert_weights_norm", GgufValue.bool(true)),
                                                8,
                                                3,
                                                48)
                                        .withShared(96),
                                wide),
                        f32(
                                ExpertArchitecture.of(
                                                dense("bailingmoe2", DecoderPart.HEAD_NORMS, DecoderPart.FUSED_QKV)
                                                        .with("expert_gating_func", 2)
                                                        .with("expert_weights_norm", GgufValue.bool(true))
                                                        .with("expert_weights_scale", 2.5f)
                                                        .with("expert_group_count", 4)
                                                        .with("expert_group_used_count", 2),
                                                16,
                                                4,
                                                48,
                                                Part.CHOICE_BIAS)
                                        .withShared(48)
                                        .withLeadingDense(1),
                                equal),
                        f32(
                                ExpertArchitecture.of(
                                        dense("minimax-m2", DecoderPart.WHOLE_NORMS)
                                                .with("expert_gating_func", 2),
                                        8,
                                        3,
                                        160,
                                        Part.CHOICE_BIAS),
                                wide.toBuilder()
                                        .rope(RopeShape.of(10_000).partial(8))
                                        .build()),
                        f32(llama4(), wide.toBuilder().layers(5).build()),
                        f32(
                                ExpertArchitecture.of(dense("hunyuan-moe", DecoderPart.HEAD_NORMS), 8, 2, 160)
                                        .withShared(96),
                                wide)),
                latent());
    }

    /** DeepSeek V2 and after. llama.cpp takes a model for a small one, with queries of full rank, by its 26 or 27 layers. */
    private static Stream<Case> latent() {
        ModelShape shape = ModelShape.builder().layers(3).tiedOutput(false).build();
        ModelShape yarn = shape.toBuilder()
                .rope(new RopeShape(10_000, RopeShape.Scaling.YARN, 40, 64))
                .build();
        DecoderArchitecture plain = dense("deepseek2");
        ExpertArchitecture second =
                ExpertArchitecture.of(plain, 8, 3, 48).withShared(96).withLeadingDense(1);
        ExpertArchitecture sharpened = ExpertArchitecture.of(
                        plain.with("attention.temperature_scale", 0.5f).with("attention.temperature_length", 8),
                        8,
                        3,
                        48)
                .withShared(48)
                .withLeadingDense(1);
        ExpertArchitecture stretched = ExpertArchitecture.of(
                        plain.with("rope.scaling.yarn_log_multiplier", 0.0707f), 8, 3, 48, Part.FUSED_GATE_UP)
                .withShared(96)
                .withLeadingDense(1);
        ExpertArchitecture third = ExpertArchitecture.of(
                        plain.with("rope.scaling.yarn_log_multiplier", 0.1f)
                                .with("expert_gating_func", 2)
                                .with("expert_weights_norm", GgufValue.bool(true))
                                .with("expert_weights_scale", 2.5f)
                                .with("expert_group_count", 4)
                                .with("expert_group_used_count", 2),
                        16,
                        4,
                        32,
                        Part.CHOICE_BIAS)
                .withShared(32)
                .withLeadingDense(1);
        return Stream.of(
                f32(new LatentArchitecture(second, 40, 32, 16, 8, 24, true), shape),
                f32(new LatentArchitecture(second, 40, 32, 16, 8, 24, false), shape),
                f32(new LatentArchitecture(second, 40, 32, 16, 8, 24, true), yarn),
                f32(new LatentArchitecture(sharpened, 40, 32, 16, 8, 24, true), shape),
                f32(
                        new LatentArchitecture(stretched, 0, 32, 16, 8, 16, true),
                        yarn.toBuilder().layers(27).build()),
                f32(
                        new LatentArchitecture(stretched, 0, 32, 16, 8, 16, false),
                        yarn.toBuilder().layers(27).build()),
                f32(
                        new LatentArchitecture(third, 48, 64, 32, 16, 32, true),
                        yarn.toBuilder().heads(8, 8, 16).build()),
                q8(
                        new LatentArchitecture(third, 64, 64, 32, 16, 32, true),
                        yarn.toBuilder().heads(8, 8, 16).build()),
                q8(
                        new LatentArchitecture(third, 64, 64, 32, 16, 32, false),
                        yarn.toBuilder().heads(8, 8, 16).build()));
    }

    private static DecoderArchitecture dense(String name, DecoderPart... parts) {
        return DecoderArchitecture.of(name, parts);
    }

    private static Case f32(Architecture architecture, ModelShape shape) {
        return new Case(architecture, shape, WeightMix.uniform(BlockFormat.F32));
    }

    private static Case q8(Architecture architecture, ModelShape shape) {
        return new Case(architecture, shape, WeightMix.uniform(BlockFormat.Q8_0));
    }

    private static ExpertArchitecture llama4() {
        DecoderArchitecture dense = dense("llama4").with("interleave_moe_layer_step", 1);
        return ExpertArchitecture.of(dense, 8, 1, 96).withShared(96);
    }

    /** Four layers of next to nothing, for more positions than a piece has. */
    static Case longLlama4() {
        ModelShape shape = ModelShape.builder()
                .layers(4)
                .embedding(16)
                .heads(1, 1, 16)
                .feedForward(16)
                .vocabulary(354)
                .context(16_384)
                .build();
        DecoderArchitecture dense = dense("llama4").with("interleave_moe_layer_step", 1);
        return f32(ExpertArchitecture.of(dense, 4, 1, 16).withShared(16), shape);
    }

    private static ExpertArchitecture gptOss() {
        DecoderArchitecture dense = dense(
                "gpt-oss",
                DecoderPart.QKV_BIAS,
                DecoderPart.ATTENTION_OUTPUT_BIAS,
                DecoderPart.FEED_FORWARD_NORM_AFTER_ATTENTION);
        return ExpertArchitecture.of(
                dense.with("attention.sliding_window", 7), 8, 3, 64, Part.SINKS, Part.EXPERT_BIASES);
    }

    private static ModelShape gptOssShape() {
        return ModelShape.builder()
                .layers(3)
                .heads(8, 2, 16)
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
}
