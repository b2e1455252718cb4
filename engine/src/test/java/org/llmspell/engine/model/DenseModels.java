package org.llmspell.engine.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.llmspell.fixtures.DecoderArchitecture;
import org.llmspell.fixtures.DecoderPart;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.RopeShape;
import org.llmspell.fixtures.RopeShape.Scaling;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufType;
import org.llmspell.gguf.GgufValue;

/** Tiny random models of every dense architecture, in configurations that real models have and a few odd ones. */
final class DenseModels {
    /** One model. */
    record Case(String label, DecoderArchitecture architecture, ModelShape shape) {
        /** Whether its feed-forward is bent by GELU. */
        boolean bendsByGelu() {
            return GELU.contains(architecture.name());
        }

        /** Writes it with all matrices in {@code format}. */
        void write(Path file, BlockFormat format) throws IOException {
            SyntheticModel.of(architecture, shape, WeightMix.uniform(format))
                    .withVocabulary(SyntheticVocabulary.sentencePiece(shape.vocabulary()))
                    .write(file);
        }

        @Override
        public String toString() {
            return architecture.name() + ": " + label;
        }
    }

    private static final Set<String> GELU = Set.of(
            "codeshell", "falcon", "gemma", "gemma2", "gemma3", "gpt2", "gptneox", "phi2", "starcoder", "starcoder2");

    private static ModelShape.Builder same(ModelShape.Builder shape) {
        return shape;
    }

    /** Heads whose size is not the embedding's share. */
    private static ModelShape.Builder wide(ModelShape.Builder shape) {
        return shape.heads(6, 2, 24);
    }

    private static ModelShape.Builder untied(ModelShape.Builder shape) {
        return shape.tiedOutput(false);
    }

    private final List<Case> cases = new ArrayList<>();

    private DenseModels() {}

    static Stream<Case> all() {
        DenseModels models = new DenseModels();
        models.llamas();
        models.scalings();
        models.halves();
        models.layerNorms();
        models.parallel();
        models.windows();
        return models.cases.stream();
    }

    private void add(String label, DecoderArchitecture architecture, UnaryOperator<ModelShape.Builder> shape) {
        ModelShape.Builder builder = ModelShape.builder().layers(2).context(256);
        cases.add(new Case(label, architecture, shape.apply(builder).build()));
    }

    /** Rotation of neighbours, RMS norms. */
    private void llamas() {
        DecoderArchitecture llama = DecoderArchitecture.of("llama");
        add("grouped heads", llama, DenseModels::same);
        add(
                "one key-value head, wide heads, untied",
                llama,
                s -> s.heads(6, 1, 24).tiedOutput(false));
        add("biases", llama.with(DecoderPart.QKV_BIAS).with(DecoderPart.ATTENTION_OUTPUT_BIAS), DenseModels::same);
        add("feed-forward biases", llama.with(DecoderPart.FEED_FORWARD_BIAS), DenseModels::same);
        for (String name : List.of("internlm2", "xverse")) {
            add("base", DecoderArchitecture.of(name), DenseModels::untied);
        }
        add("base", DecoderArchitecture.of("ernie4_5"), DenseModels::wide);
        add("four layers", DecoderArchitecture.of("smollm3"), s -> s.layers(5));
        add("wide heads", DecoderArchitecture.of("smollm3"), s -> wide(s.layers(4)));
        add("base", DecoderArchitecture.of("arcee", DecoderPart.NO_GATE), DenseModels::same);
        DecoderArchitecture glm4 =
                DecoderArchitecture.of("glm4", DecoderPart.POST_NORMS, DecoderPart.FUSED_GATE_UP, DecoderPart.QKV_BIAS);
        add(
                "partial rotation",
                glm4,
                s -> wide(s.rope(RopeShape.of(10_000).partial(12))));
        add(
                "partial rotation",
                DecoderArchitecture.of(
                        "chatglm", DecoderPart.FUSED_QKV, DecoderPart.FUSED_GATE_UP, DecoderPart.QKV_BIAS),
                s -> untied(s.rope(RopeShape.of(10_000).partial(8))));
        add(
                "text of a vision model",
                glm4.with("rope.dimension_sections", GgufValue.ints(2, 2, 2, 0)),
                s -> s.rope(RopeShape.of(10_000).partial(12)));
        add("no biases", glm4.without(DecoderPart.QKV_BIAS), DenseModels::untied);
        DecoderArchitecture granite = DecoderArchitecture.of("granite").with("logit_scale", 6f);
        DecoderArchitecture scaled = granite.with("embedding_scale", 12f)
                .with("residual_scale", 0.22f)
                .with("attention.scale", 0.0625f);
        add("scales", scaled, DenseModels::same);
        add("logit scale alone", granite, DenseModels::wide);
        add("without positions", scaled.with("rope.scaling.finetuned", GgufValue.bool(false)), DenseModels::same);
        DecoderArchitecture miniCpm = DecoderArchitecture.of("minicpm");
        add("default scales", miniCpm, DenseModels::same);
        add(
                "scales",
                miniCpm.with("embedding_scale", 2f).with("residual_scale", 0.5f).with("logit_scale", 3f),
                DenseModels::untied);
        DecoderArchitecture olmo = DecoderArchitecture.of("olmo", DecoderPart.LAYER_NORM, DecoderPart.NO_NORM_WEIGHTS);
        add("base", olmo, DenseModels::same);
        add("bounded", olmo.with("attention.clamp_kqv", 0.7f), DenseModels::untied);
        DecoderArchitecture mistral3 = DecoderArchitecture.of("mistral3");
        add("base", mistral3, DenseModels::wide);
        add(
                "temperature and YaRN",
                mistral3.with("attention.temperature_scale", 0.1f)
                        .with("rope.scaling.yarn_beta_fast", 8f)
                        .with("rope.scaling.yarn_beta_slow", 2f)
                        .with("rope.scaling.yarn_log_multiplier", 1f),
                s -> s.rope(new RopeShape(1000, Scaling.YARN, 16, 16)));
    }

    private void scalings() {
        DecoderArchitecture llama = DecoderArchitecture.of("llama");
        add("linear scaling", llama, s -> s.rope(new RopeShape(5000, Scaling.LINEAR, 4, 0)));
        add("YaRN", llama, s -> s.rope(new RopeShape(1000, Scaling.YARN, 4, 32)));
        add(
                "YaRN, own magnitude",
                llama.with("rope.scaling.attn_factor", 1.3f),
                s -> s.rope(new RopeShape(100, Scaling.YARN, 8, 64)));
        add("Llama 3 scaling", llama, s -> s.rope(new RopeShape(1000, Scaling.LLAMA3, 8, 32)));
        add(
                "type none",
                llama.with("rope.scaling.type", GgufValue.string("none")),
                s -> s.rope(new RopeShape(1000, Scaling.LINEAR, 8, 0)));
        DecoderArchitecture phi3 = DecoderArchitecture.of("phi3", DecoderPart.FUSED_QKV, DecoderPart.FUSED_GATE_UP);
        add("base", phi3, DenseModels::same);
        add(
                "partial rotation",
                phi3,
                s -> s.rope(RopeShape.of(10_000).partial(12)).tiedOutput(false));
        add(
                "long factors",
                phi3.with("rope.scaling.attn_factor", 1.19f),
                s -> s.rope(new RopeShape(10_000, Scaling.LONGROPE, 6, 64)));
        add(
                "short factors",
                phi3.with("rope.scaling.attn_factor", 1.19f),
                s -> s.rope(new RopeShape(10_000, Scaling.LONGROPE, 6, 256)));
        add(
                "long factors",
                DecoderArchitecture.of("minicpm"),
                s -> s.rope(new RopeShape(10_000, Scaling.LONGROPE, 3, 64)));
        add(
                "YaRN",
                DecoderArchitecture.of("qwen2", DecoderPart.QKV_BIAS),
                s -> s.rope(new RopeShape(1_000_000, Scaling.YARN, 4, 64)));
    }

    /** Rotation of halves, RMS norms. */
    private void halves() {
        add("biases", DecoderArchitecture.of("qwen2", DecoderPart.QKV_BIAS), DenseModels::same);
        add("biased logits", DecoderArchitecture.of("qwen2", DecoderPart.OUTPUT_BIAS), DenseModels::same);
        add("base", DecoderArchitecture.of("qwen3", DecoderPart.HEAD_NORMS), DenseModels::same);
        add(
                "both kinds of epsilon",
                DecoderArchitecture.of("qwen3", DecoderPart.HEAD_NORMS).with("attention.layer_norm_epsilon", 0.5f),
                DenseModels::same);
        add("wide heads", DecoderArchitecture.of("qwen3", DecoderPart.HEAD_NORMS), DenseModels::wide);
        GgufValue sections = GgufValue.ints(4, 2, 2, 0);
        // llama.cpp 0.5.0 forgets to read the norms' epsilon and takes 0.
        add(
                "text",
                DecoderArchitecture.of("qwen2vl", DecoderPart.QKV_BIAS).with("rope.dimension_sections", sections),
                s -> s.normEpsilon(1e-12f));
        add(
                "text",
                DecoderArchitecture.of("qwen3vl", DecoderPart.HEAD_NORMS)
                        .with("rope.dimension_sections", GgufValue.ints(3, 3, 2, 0)),
                DenseModels::same);
        add(
                "base",
                DecoderArchitecture.of("pangu-embedded", DecoderPart.QKV_BIAS, DecoderPart.ATTENTION_OUTPUT_BIAS),
                DenseModels::wide);
        DecoderArchitecture apertus = DecoderArchitecture.of("apertus", DecoderPart.HEAD_NORMS, DecoderPart.NO_GATE)
                .with(".xielu.alpha_n", GgufValue.floats(0.4f, -0.7f))
                .with(".xielu.alpha_p", GgufValue.floats(0.9f, 25f))
                .with(".xielu.beta", GgufValue.floats(0.5f, 0.4f))
                .with(".xielu.eps", GgufValue.floats(-1e-6f, -0.01f));
        add("base", apertus, DenseModels::untied);
        add(
                "Llama 3 scaling",
                apertus,
                s -> wide(untied(s.rope(new RopeShape(1000, Scaling.LLAMA3, 8, 32)))));
        add("base", DecoderArchitecture.of("exaone"), DenseModels::wide);
        add(
                "Llama 3 scaling",
                DecoderArchitecture.of("exaone"),
                s -> s.rope(new RopeShape(1000, Scaling.LLAMA3, 8, 32)));
        DecoderArchitecture exaone4 = DecoderArchitecture.of(
                "exaone4", DecoderPart.NO_PRE_NORMS, DecoderPart.POST_NORMS, DecoderPart.HEAD_NORMS);
        add("base", exaone4, DenseModels::same);
        add(
                "window",
                exaone4.with("attention.sliding_window", 9),
                s -> s.layers(64).embedding(32).heads(4, 2, 8).feedForward(32));
        add(
                "base",
                DecoderArchitecture.of("seed_oss", DecoderPart.FEED_FORWARD_NORM_AFTER_ATTENTION, DecoderPart.QKV_BIAS),
                DenseModels::wide);
        DecoderArchitecture hunyuan = DecoderArchitecture.of("hunyuan-dense", DecoderPart.HEAD_NORMS);
        add("base", hunyuan, DenseModels::same);
        add("raised base", hunyuan.with("rope.scaling.alpha", 20f), DenseModels::wide);
        DecoderArchitecture olmo2 = DecoderArchitecture.of(
                "olmo2", DecoderPart.NO_PRE_NORMS, DecoderPart.POST_NORMS, DecoderPart.WHOLE_NORMS);
        add("base", olmo2, DenseModels::untied);
        add("YaRN", olmo2, s -> untied(s.rope(new RopeShape(1000, Scaling.YARN, 4, 32))));
        add(
                "window",
                olmo2.with("attention.sliding_window", 9),
                s -> untied(s.layers(5).rope(new RopeShape(1000, Scaling.YARN, 4, 32))));
    }

    /** Layer norms. */
    private void layerNorms() {
        DecoderPart norm = DecoderPart.LAYER_NORM;
        DecoderPart normBias = DecoderPart.NORM_BIAS;
        UnaryOperator<ModelShape.Builder> partial =
                s -> untied(s.rope(RopeShape.of(10_000).partial(4)));
        DecoderArchitecture starCoder2 = DecoderArchitecture.of(
                "starcoder2",
                norm,
                normBias,
                DecoderPart.NO_GATE,
                DecoderPart.QKV_BIAS,
                DecoderPart.ATTENTION_OUTPUT_BIAS,
                DecoderPart.FEED_FORWARD_BIAS);
        add("base", starCoder2, DenseModels::same);
        add("both kinds of epsilon", starCoder2.with("attention.layer_norm_rms_epsilon", 0.5f), DenseModels::same);
        add("base", new DecoderArchitecture("codeshell", starCoder2.parts(), starCoder2.extra()), DenseModels::untied);
        DecoderArchitecture gpt2 = DecoderArchitecture.of(
                "gpt2",
                norm,
                normBias,
                DecoderPart.FUSED_QKV,
                DecoderPart.NO_GATE,
                DecoderPart.QKV_BIAS,
                DecoderPart.ATTENTION_OUTPUT_BIAS,
                DecoderPart.FEED_FORWARD_BIAS,
                DecoderPart.LEARNED_POSITIONS);
        add("base", gpt2, s -> s.heads(4, 4, 16));
        add(
                "one key-value head",
                new DecoderArchitecture("starcoder", gpt2.parts(), gpt2.extra()),
                s -> untied(s.heads(4, 1, 16)));
        DecoderArchitecture nemotron = DecoderArchitecture.of("nemotron", norm, normBias, DecoderPart.NO_GATE);
        add("partial rotation", nemotron, partial);
        add("biases", nemotron.with(DecoderPart.ATTENTION_OUTPUT_BIAS).with(DecoderPart.FEED_FORWARD_BIAS), DenseModels::untied);
        add(
                "biases",
                DecoderArchitecture.of(
                        "jais2",
                        norm,
                        normBias,
                        DecoderPart.NO_GATE,
                        DecoderPart.QKV_BIAS,
                        DecoderPart.ATTENTION_OUTPUT_BIAS,
                        DecoderPart.FEED_FORWARD_BIAS),
                DenseModels::wide);
        DecoderArchitecture stableLm = DecoderArchitecture.of("stablelm", norm, normBias);
        add("partial rotation", stableLm.with(DecoderPart.QKV_BIAS), partial);
        add(
                "norms for each head, parallel",
                stableLm.with(DecoderPart.OWN_HEAD_NORMS).with(DecoderPart.ONE_NORM),
                partial);
        add("base", DecoderArchitecture.of("orion", norm, normBias), DenseModels::untied);
    }

    /** Attention and feed-forward side by side. */
    private void parallel() {
        DecoderPart norm = DecoderPart.LAYER_NORM;
        DecoderPart normBias = DecoderPart.NORM_BIAS;
        UnaryOperator<ModelShape.Builder> partial =
                s -> untied(s.rope(RopeShape.of(10_000).partial(6)));
        DecoderArchitecture phi2 = DecoderArchitecture.of(
                "phi2",
                norm,
                normBias,
                DecoderPart.ONE_NORM,
                DecoderPart.QKV_BIAS,
                DecoderPart.ATTENTION_OUTPUT_BIAS,
                DecoderPart.NO_GATE,
                DecoderPart.FEED_FORWARD_BIAS,
                DecoderPart.OUTPUT_BIAS);
        add("partial rotation", phi2, partial);
        add("fused", phi2.with(DecoderPart.FUSED_QKV), partial);
        DecoderArchitecture neoX = DecoderArchitecture.of(
                "gptneox",
                norm,
                normBias,
                DecoderPart.FUSED_QKV,
                DecoderPart.QKV_BIAS,
                DecoderPart.ATTENTION_OUTPUT_BIAS,
                DecoderPart.NO_GATE,
                DecoderPart.FEED_FORWARD_BIAS);
        add("parallel", neoX.with("use_parallel_residual", GgufValue.bool(true)), partial);
        add("sequential", neoX.with("use_parallel_residual", GgufValue.bool(false)), partial);
        DecoderArchitecture falcon = DecoderArchitecture.of(
                "falcon", norm, normBias, DecoderPart.ONE_NORM, DecoderPart.FUSED_QKV, DecoderPart.NO_GATE);
        add("7B: one key-value head", falcon, s -> s.heads(4, 1, 16));
        add("40B: two norms", falcon.with(DecoderPart.SECOND_ATTENTION_NORM), DenseModels::untied);
        DecoderArchitecture commandR =
                DecoderArchitecture.of("command-r", norm, DecoderPart.ONE_NORM).with("logit_scale", 0.0625f);
        add("base", commandR, DenseModels::same);
        add(
                "R+: norms for each head",
                commandR.with(DecoderPart.OWN_HEAD_NORMS),
                s -> s.layers(64).embedding(32).heads(4, 2, 8).feedForward(32));
    }

    /** Windows shorter than the prompt. */
    private void windows() {
        DecoderArchitecture cohere2 = DecoderArchitecture.of("cohere2", DecoderPart.LAYER_NORM, DecoderPart.ONE_NORM)
                .with("logit_scale", 0.25f)
                .with("attention.sliding_window", 9);
        add("window", cohere2, s -> s.layers(5));
        add("pattern of two", cohere2.with("attention.sliding_window_pattern", 2), s -> s.layers(3));
        DecoderArchitecture gemma = DecoderArchitecture.of("gemma");
        add("base", gemma, DenseModels::wide);
        DecoderArchitecture gemma2 = DecoderArchitecture.of("gemma2", DecoderPart.POST_NORMS)
                .with("attention.sliding_window", 9)
                .with("attn_logit_softcapping", 2f)
                .with("final_logit_softcapping", 3f);
        add("own base", gemma2.with("rope.freq_base_swa", 500f), s -> s.layers(3));
        add("window and caps", gemma2, s -> wide(s.layers(3)));
        DecoderArchitecture gemma3 = DecoderArchitecture.of("gemma3", DecoderPart.POST_NORMS, DecoderPart.HEAD_NORMS);
        add(
                "window, linear scaling",
                gemma3.with("attention.sliding_window", 9),
                s -> wide(s.layers(7).rope(new RopeShape(1_000_000, Scaling.LINEAR, 8, 0))));
        add(
                "own bases and pattern",
                gemma3.with("attention.sliding_window", 5)
                        .with("rope.freq_base_swa", 500f)
                        .with(
                                "attention.sliding_window_pattern",
                                GgufValue.array(
                                        GgufType.BOOL,
                                        List.of(GgufValue.bool(false), GgufValue.bool(true), GgufValue.bool(true)))),
                s -> s.layers(3));
        add("no window", gemma3, DenseModels::same);
        add("capped logits", gemma3.with("final_logit_softcapping", 2f), DenseModels::same);
    }
}
