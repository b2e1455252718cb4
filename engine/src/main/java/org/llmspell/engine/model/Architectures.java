package org.llmspell.engine.model;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;

/** The architectures that run, by {@code general.architecture}: one line each. */
public final class Architectures {
    private static final Map<String, Function<ModelSource, Model>> ALL = new TreeMap<>();

    static {
        ALL.put("apertus", ApertusModel::load);
        ALL.put("arcee", ArceeModel::load);
        ALL.put("bert", BertModel::load);
        ALL.put("chatglm", Glm4Model::loadFirst);
        ALL.put("codeshell", StarCoder2Model::load);
        ALL.put("cohere2", CommandRModel::load);
        ALL.put("command-r", CommandRModel::load);
        ALL.put("ernie4_5", LlamaModel::load);
        ALL.put("exaone", ExaoneModel::load);
        ALL.put("exaone4", ExaoneModel::loadFourth);
        ALL.put("falcon", FalconModel::load);
        ALL.put("gemma", GemmaModel::load);
        ALL.put("gemma2", GemmaModel::load);
        ALL.put("gemma3", GemmaModel::load);
        ALL.put("gemma-embedding", GemmaEmbeddingModel::load);
        ALL.put("glm4", Glm4Model::load);
        ALL.put("gpt2", Gpt2Model::load);
        ALL.put("gptneox", GptNeoXModel::load);
        ALL.put("granite", GraniteModel::load);
        ALL.put("hunyuan-dense", HunyuanModel::load);
        ALL.put("internlm2", LlamaModel::load);
        ALL.put("jais2", NemotronModel::load);
        ALL.put("lfm2", Lfm2Model::load);
        ALL.put("lfm2moe", Lfm2Model::load);
        ALL.put("llama", LlamaModel::load);
        ALL.put("minicpm", GraniteModel::load);
        ALL.put("mistral3", LlamaModel::load);
        ALL.put("modern-bert", ModernBertModel::load);
        ALL.put("nemotron", NemotronModel::load);
        ALL.put("nomic-bert", BertModel::loadNomic);
        ALL.put("olmo", OlmoModel::load);
        ALL.put("olmo2", OlmoModel::loadSecond);
        ALL.put("orion", StableLmModel::load);
        ALL.put("pangu-embedded", QwenModel::load);
        ALL.put("phi2", Phi2Model::load);
        ALL.put("phi3", Phi3Model::load);
        ALL.put("qwen2", QwenModel::load);
        ALL.put("qwen2vl", QwenModel::load);
        ALL.put("qwen3", QwenModel::load);
        ALL.put("qwen35", QwenHybridModel::load);
        ALL.put("qwen35moe", QwenHybridModel::load);
        ALL.put("qwen3next", QwenHybridModel::load);
        ALL.put("qwen3vl", QwenModel::load);
        ALL.put("seed_oss", SeedOssModel::load);
        ALL.put("smollm3", SmolLm3Model::load);
        ALL.put("stablelm", StableLmModel::load);
        ALL.put("starcoder", Gpt2Model::load);
        ALL.put("starcoder2", StarCoder2Model::load);
        ALL.put("xverse", LlamaModel::load);
    }

    /** Architectures of files that hold no text generator, and what they hold. */
    private static final Map<String, String> NO_LANGUAGE_MODELS = Map.of(
            "clip", "an image encoder that goes with a language model",
            "whisper", "a speech recognizer",
            "flux", "an image generator",
            "sd3", "an image generator",
            "sdxl", "an image generator",
            "wan", "a video generator");

    private Architectures() {}

    /** The names, in alphabetical order. */
    public static Set<String> supported() {
        return Collections.unmodifiableSet(ALL.keySet());
    }

    /**
     * Refuses an architecture that is not {@link #supported}.
     *
     * @throws EngineException of kind {@code UNSUPPORTED_MODEL} naming it and those that are
     */
    public static void require(String architecture) {
        if (ALL.containsKey(architecture)) {
            return;
        }
        String what = NO_LANGUAGE_MODELS.get(architecture);
        String supported = String.join(", ", ALL.keySet());
        if (what != null) {
            throw new EngineException(
                    Problem.UNSUPPORTED_MODEL,
                    "This is no language model: its architecture, %s, is %s".formatted(architecture, what),
                    List.of("Use a language model of architecture " + supported));
        }
        throw new EngineException(
                Problem.UNSUPPORTED_MODEL,
                "The model's architecture, %s, is not supported; supported are %s"
                        .formatted(shown(architecture), supported),
                List.of("Use a model of one of these architectures, or another backend"));
    }

    /**
     * Builds the model.
     *
     * @throws EngineException if the architecture is unknown, or the hyper-parameters or tensors are not what it needs
     */
    public static Model load(ModelSource source) {
        require(source.parameters().architecture());
        Function<ModelSource, Model> architecture =
                java.util.Objects.requireNonNull(ALL.get(source.parameters().architecture()));
        return architecture.apply(source);
    }

    private static String shown(String text) {
        String line = text.replaceAll("\\p{Cntrl}", "?");
        return line.length() <= 40 ? line : line.substring(0, 40) + "…";
    }
}
