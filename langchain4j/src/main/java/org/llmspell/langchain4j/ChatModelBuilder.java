package org.llmspell.langchain4j;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.Thinking;
import org.llmspell.local.ChatRequest;

/**
 * Collects what chat models are made of. Null leaves a setting as it is by default; ranges and defaults are those of {@link
 * org.llmspell.local.ChatOption}. Not thread-safe.
 *
 * @param <B> the builder itself
 */
public abstract sealed class ChatModelBuilder<B extends ChatModelBuilder<B>> extends ModelBuilder<B>
        permits LlmSpellChatModel.Builder, LlmSpellStreamingChatModel.Builder {
    private final LlmSpellChatRequestParameters.Builder parameters = LlmSpellChatRequestParameters.builder();
    private @Nullable ChatRequestParameters defaults;
    private @Nullable Duration timeout;
    private List<ChatModelListener> listeners = List.of();
    private Set<Capability> capabilities = Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);

    ChatModelBuilder() {}

    /** What a model works with. */
    record Settings(
            Connection connection,
            LlmSpellChatRequestParameters defaults,
            @Nullable Duration timeout,
            List<ChatModelListener> listeners,
            Set<Capability> capabilities) {
        Reply reply(ChatRequest request) {
            return new Reply(connection.models(), request, timeout);
        }
    }

    /** @throws InvalidRequestException if a value is out of range or the model's name malformed */
    Settings settings() {
        LlmSpellChatRequestParameters merged =
                LlmSpellChatRequestParameters.builder().build();
        if (defaults != null) {
            merged = merged.overrideWith(defaults);
        }
        merged = merged.overrideWith(parameters.build());
        Requests.options(merged);
        if (merged.modelName() != null) {
            Requests.model(merged.modelName());
        }
        if (timeout != null && (timeout.isNegative() || timeout.isZero())) {
            throw new InvalidRequestException("timeout is " + timeout + "; it must be over zero");
        }
        return new Settings(connection(), merged, timeout, listeners, capabilities);
    }

    /**
     * Which model: {@code local/NAME:VARIANT@BACKEND}, where backend and variant may be left out, or the path of a {@code .gguf}
     * file. A request may name another.
     */
    public B modelName(@Nullable String modelName) {
        parameters.modelName(modelName);
        return self();
    }

    /** 0 always takes the likeliest token; up to 2 is more varied. */
    public B temperature(@Nullable Double temperature) {
        parameters.temperature(temperature);
        return self();
    }

    public B topP(@Nullable Double topP) {
        parameters.topP(topP);
        return self();
    }

    public B topK(@Nullable Integer topK) {
        parameters.topK(topK);
        return self();
    }

    public B minP(@Nullable Double minP) {
        parameters.minP(minP);
        return self();
    }

    public B repeatPenalty(@Nullable Double repeatPenalty) {
        parameters.repeatPenalty(repeatPenalty);
        return self();
    }

    public B presencePenalty(@Nullable Double presencePenalty) {
        parameters.presencePenalty(presencePenalty);
        return self();
    }

    public B frequencyPenalty(@Nullable Double frequencyPenalty) {
        parameters.frequencyPenalty(frequencyPenalty);
        return self();
    }

    /** The most tokens of a reply; −1 for as many as the context holds. */
    public B maxTokens(@Nullable Integer maxTokens) {
        parameters.maxOutputTokens(maxTokens);
        return self();
    }

    /** Texts that end a reply and are not part of it. */
    public B stop(List<String> stop) {
        parameters.stopSequences(stop);
        return self();
    }

    /** Texts that end a reply and are not part of it. */
    public B stop(String... stop) {
        return stop(List.of(stop));
    }

    /** For replies that can be repeated. */
    public B seed(@Nullable Long seed) {
        parameters.seed(seed);
        return self();
    }

    /** That every reply must have; a request may ask for another. */
    public B responseFormat(@Nullable ResponseFormat responseFormat) {
        parameters.responseFormat(responseFormat);
        return self();
    }

    /** That the model may call with every request; a request may give others. */
    public B tools(List<ToolSpecification> tools) {
        parameters.toolSpecifications(tools);
        return self();
    }

    public B thinking(@Nullable Thinking thinking) {
        parameters.thinking(thinking);
        return self();
    }

    public B contextLength(@Nullable Integer tokens) {
        parameters.contextLength(tokens);
        return self();
    }

    public B keepAlive(@Nullable Duration keepAlive) {
        parameters.keepAlive(keepAlive);
        return self();
    }

    /** For a whole reply, loading the model included; by default there is none. */
    public B timeout(@Nullable Duration timeout) {
        this.timeout = timeout;
        return self();
    }

    public B listeners(List<ChatModelListener> listeners) {
        this.listeners = List.copyOf(listeners);
        return self();
    }

    public B listeners(ChatModelListener... listeners) {
        return listeners(List.of(listeners));
    }

    /** What requests have that do not say; the builder's other methods go before these. */
    public B defaultRequestParameters(@Nullable ChatRequestParameters parameters) {
        this.defaults = parameters;
        return self();
    }

    /**
     * What callers such as {@code AiServices} may ask for; by default replies held to a JSON Schema. Without that, they describe the
     * form in the prompt, which goes together with tools.
     */
    public B supportedCapabilities(Set<Capability> capabilities) {
        this.capabilities = Set.copyOf(capabilities);
        return self();
    }
}
