package org.llmspell.langchain4j;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.ModelSpec;

/** Reads LangChain4j's requests as this project's: what it means, whether it can be had, and whether values are in range. */
final class Requests {
    private Requests() {}

    /**
     * What to ask the model.
     *
     * @throws InvalidRequestException if no model is named, or a parameter is out of range
     * @throws UnsupportedFeatureException for what local models do not do
     */
    static org.llmspell.local.ChatRequest of(ChatRequest request) {
        ChatRequestParameters parameters = request.parameters();
        List<ToolDefinition> tools = tools(parameters);
        ChatOptions options = options(parameters);
        if (!tools.isEmpty() && options.format() != null) {
            throw new UnsupportedFeatureException(
                    "Tools together with a response format are not supported: the whole reply is"
                            + " held to the format, so it could call no tool. Ask with tools first, and for the format in a second"
                            + " request without them");
        }
        ModelSpec model = model(parameters.modelName());
        return Failures.mapped(() -> options.request(model, Messages.of(request.messages()), tools));
    }

    static ModelSpec model(@Nullable String name) {
        if (name == null || name.isBlank()) {
            throw new InvalidRequestException(
                    "No model is named; give a modelName such as local/tinyllama:Q4_K_M@candle or the path of a .gguf file");
        }
        return Failures.mapped(() -> ModelSpec.parse(name));
    }

    /**
     * How to reply.
     *
     * @throws InvalidRequestException if a value is out of range
     * @throws UnsupportedFeatureException for a choice of tools that cannot be had
     */
    static ChatOptions options(ChatRequestParameters parameters) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        if (parameters instanceof LlmSpellChatRequestParameters further) {
            values.putAll(further.options());
        }
        put(values, "temperature", parameters.temperature());
        put(values, "top_p", parameters.topP());
        put(values, "top_k", parameters.topK());
        put(values, "frequency_penalty", parameters.frequencyPenalty());
        put(values, "presence_penalty", parameters.presencePenalty());
        put(values, "max_tokens", parameters.maxOutputTokens());
        List<String> stop = parameters.stopSequences();
        put(values, "stop", stop == null || stop.isEmpty() ? null : stop);
        put(values, "format", format(parameters.responseFormat()));
        if (parameters.toolChoice() == ToolChoice.REQUIRED) {
            throw new UnsupportedFeatureException(
                    "ToolChoice.REQUIRED is not supported: no model can be forced to call a tool");
        }
        return Failures.mapped(() -> ChatOptions.DEFAULTS.with(values, Set.of()));
    }

    private static void put(Map<String, @Nullable Object> values, String name, @Nullable Object value) {
        if (value != null) {
            values.put(name, value);
        }
    }

    /** The value of the option {@code format}; null to leave it as it is. */
    private static @Nullable Object format(@Nullable ResponseFormat format) {
        if (format == null) {
            return null;
        }
        if (format.type() == ResponseFormatType.TEXT) {
            return "text";
        }
        return format.jsonSchema() == null
                ? "json"
                : Schemas.keywords(format.jsonSchema().rootElement());
    }

    private static List<ToolDefinition> tools(ChatRequestParameters parameters) {
        List<ToolSpecification> tools = parameters.toolSpecifications();
        if (tools == null || parameters.toolChoice() == ToolChoice.NONE) {
            return List.of();
        }
        return tools.stream().map(Requests::tool).toList();
    }

    private static ToolDefinition tool(ToolSpecification tool) {
        return new ToolDefinition(
                tool.name(),
                Objects.requireNonNullElse(tool.description(), ""),
                tool.parameters() == null ? ToolDefinition.NO_PARAMETERS : Schemas.keywords(tool.parameters()));
    }
}
