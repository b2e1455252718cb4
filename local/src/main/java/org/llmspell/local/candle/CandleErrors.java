package org.llmspell.local.candle;

import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.EngineException;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.config.CandleConfig;

/** The engine's failures as the guide's troubleshooting section words them. */
final class CandleErrors {
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
                        Kind.OUT_OF_MEMORY, "Failed to allocate tensor", model + ": " + message(e), solutions, e);
            }
            case BROKEN_MODEL, UNSUPPORTED_MODEL, TEMPLATE_FAILED -> plain(Kind.MODEL_UNUSABLE, e, model);
            case CONTEXT_EXCEEDED -> plain(Kind.CONTEXT_EXCEEDED, e, model);
            case INVALID_OPTION -> plain(Kind.INVALID_REQUEST, e, model);
        };
    }

    private static LocalModelException plain(Kind kind, EngineException e, String model) {
        String message = message(e);
        return new LocalModelException(
                kind, message.contains(model) ? message : model + ": " + message, null, e.advice(), e);
    }

    private static String message(EngineException e) {
        return String.valueOf(e.getMessage());
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
