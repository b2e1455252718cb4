package org.llmspell.local.candle;

import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.EngineException;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.config.CandleConfig;

/** The engine's failures as the guide's troubleshooting section words them. */
final class CandleErrors {
    private static final String NO_MEMORY = "Failed to allocate tensor";

    private final CandleConfig config;

    CandleErrors(CandleConfig config) {
        this.config = config;
    }

    /** The failure of the engine with {@code model}, in the user's words. */
    LocalModelException of(EngineException e, String model) {
        return switch (e.problem()) {
            case OUT_OF_MEMORY -> {
                List<String> solutions = new ArrayList<>(e.advice());
                solutions.add("Use smaller model: `tinyllama:Q4_K_M` instead of larger models");
                solutions.add("Use Ollama for large models instead");
                yield new LocalModelException(
                        Kind.OUT_OF_MEMORY,
                        NO_MEMORY,
                        named(model, message(e).replace(NO_MEMORY + ": ", "")),
                        solutions,
                        e);
            }
            case BROKEN_MODEL, UNSUPPORTED_MODEL, TEMPLATE_FAILED ->
                new LocalModelException(Kind.MODEL_UNUSABLE, named(model, message(e)), null, e.advice(), e);
            case CONTEXT_EXCEEDED -> new LocalModelException(Kind.CONTEXT_EXCEEDED, message(e), null, e.advice(), e);
            case INVALID_OPTION -> new LocalModelException(Kind.INVALID_REQUEST, message(e), null, e.advice(), e);
        };
    }

    /** Errors of the file reader name the file already, which may be what the model is called by. */
    private static String named(String model, String message) {
        return message.startsWith(model + ": ") ? message : model + ": " + message;
    }

    private static String message(EngineException e) {
        return String.valueOf(e.getMessage());
    }

    /** A GGUF file of another kind; {@code reason} follows “the file”. */
    LocalModelException notLanguageModel(String model, String reason, EngineException e) {
        return new LocalModelException(
                Kind.MODEL_UNUSABLE,
                model + " is no language model: the file " + reason,
                null,
                List.of(
                        "Take the file with the language model's weights",
                        "See what is in it: `llmspell inspect FILE`"),
                e);
    }

    /** A file whose metadata has no tokenizer. */
    LocalModelException noTokenizer(String model, EngineException e) {
        return new LocalModelException(
                Kind.MODEL_UNUSABLE,
                "Tokenizer file not found",
                model + ": its file has no tokenizer (no tokenizer.ggml.model in the metadata)",
                List.of(
                        "Re-download model: `llmspell model pull MODEL:VARIANT@candle`",
                        "Check model directory: `" + config.modelDirectory() + "`",
                        "Set HFHUB_API_KEY for authenticated downloads"),
                e);
    }

    /** A device that the configuration asks for and this version cannot compute on. */
    static LocalModelException noDevice(String device) {
        return new LocalModelException(
                Kind.UNSUPPORTED,
                "device = \"" + device + "\" is not available: this version of LLMSpell computes on the CPU only",
                "Set device = \"cpu\" or device = \"auto\" under [providers.candle.options] in the configuration",
                "Use Ollama for a GPU: local/NAME:VARIANT@ollama");
    }
}
