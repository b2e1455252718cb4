package org.llmspell.local;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.SamplingOptions;
import org.llmspell.engine.Thinking;
import org.llmspell.engine.ToolDefinition;

/**
 * How to reply: the options of {@link ChatOption} in their typed form. Immutable.
 *
 * @param sampling how tokens are chosen
 * @param raw the text goes to the model without a chat template
 * @param thinking whether the model is to think before it answers
 * @param contextLength tokens of context; null for the backend's default
 * @param draftTokens tokens that candle guesses for one pass, at most; null for the backend's default
 * @param keepAlive how long the model stays loaded afterwards; null for the backend's default, negative for ever
 * @param format that the reply must have; null for any text
 */
public record ChatOptions(
        SamplingOptions sampling,
        boolean raw,
        Thinking thinking,
        @Nullable Integer contextLength,
        @Nullable Integer draftTokens,
        @Nullable Duration keepAlive,
        @Nullable OutputFormat format) {
    public static final ChatOptions DEFAULTS =
            new ChatOptions(SamplingOptions.DEFAULTS, false, Thinking.DEFAULT, null, null, null, null);

    /** {@link #with} over the defaults, no further key being known. */
    public static ChatOptions parse(Map<String, ?> options) {
        return DEFAULTS.with(options, Set.of());
    }

    /**
     * These options with those in {@code options} in their place.
     *
     * @param options by their snake_case names; a null value leaves the option as it is
     * @param furtherKeys keys that may also be in {@code options} and are somebody else's, such as {@code system_prompt};
     *     they are ignored, and suggested for misspelt ones
     * @throws LocalModelException of kind {@code INVALID_REQUEST} for an unknown name, a wrong type or an exceeded range
     */
    public ChatOptions with(Map<String, ?> options, Collection<String> furtherKeys) {
        Map<String, Object> values = new HashMap<>();
        options.forEach((name, value) -> {
            ChatOption option = ChatOption.BY_NAME.get(name);
            if (option == null) {
                if (!furtherKeys.contains(name)) {
                    throw unknown(name, furtherKeys);
                }
            } else if (value != null) {
                values.put(name, read(option, value));
            }
        });
        return values.isEmpty() ? this : with(new Values(values));
    }

    /** A request to reply to {@code messages} in this way. */
    public ChatRequest request(ModelSpec model, List<ChatMessage> messages) {
        return request(model, messages, List.of());
    }

    /** A request to reply to {@code messages} in this way, with tools. */
    public ChatRequest request(ModelSpec model, List<ChatMessage> messages, List<ToolDefinition> tools) {
        return new ChatRequest(
                model, messages, tools, thinking, sampling, raw, contextLength, draftTokens, keepAlive, format);
    }

    private ChatOptions with(Values given) {
        SamplingOptions s = sampling;
        SamplingOptions changed = new SamplingOptions(
                given.decimal("temperature", s.temperature()),
                given.whole("top_k", s.topK()),
                given.decimal("top_p", s.topP()),
                given.decimal("min_p", s.minP()),
                given.decimal("typical_p", s.typicalP()),
                given.decimal("repeat_penalty", s.repeatPenalty()),
                given.whole("repeat_last_n", s.repeatLastN()),
                given.decimal("presence_penalty", s.presencePenalty()),
                given.decimal("frequency_penalty", s.frequencyPenalty()),
                given.seed(s.seed()),
                given.stop(s.stop()),
                given.whole("max_tokens", s.maxTokens()),
                given.whole("logprobs", s.logprobs()),
                given.bias(s.logitBias()));
        Integer context = contextLength;
        if (given.values.get("context_length") instanceof Long tokens) {
            context = tokens.intValue();
        }
        Integer drafts = draftTokens;
        if (given.values.get("draft_tokens") instanceof Long tokens) {
            drafts = tokens.intValue();
        }
        Duration stay = keepAlive;
        if (given.values.get("keep_alive") instanceof Duration duration) {
            stay = duration;
        }
        return new ChatOptions(
                changed,
                given.values.get("raw") instanceof Boolean asIs ? asIs : raw,
                given.values.get("think") instanceof Thinking wanted ? wanted : thinking,
                context,
                drafts,
                stay,
                given.format(format));
    }

    private static Object read(ChatOption option, Object value) {
        return option.type()
                .read(value)
                .orElseThrow(() -> new LocalModelException(
                        LocalModelException.Kind.INVALID_REQUEST,
                        "Option " + option.name() + " must be " + option.type().expected() + ", got "
                                + ValueType.show(value)));
    }

    private static LocalModelException unknown(String name, Collection<String> furtherKeys) {
        Set<String> known = new TreeSet<>(ChatOption.BY_NAME.keySet());
        known.addAll(furtherKeys);
        String hint = Nearest.hint(name, known);
        return new LocalModelException(
                LocalModelException.Kind.INVALID_REQUEST,
                "Unknown option " + Quoted.of(name)
                        + (hint.isEmpty() ? "; known are " + String.join(", ", known) : hint));
    }

    /** Values that the table's types have read, so that each is of its one Java form. */
    private record Values(Map<String, Object> values) {
        double decimal(String name, double otherwise) {
            return values.get(name) instanceof Double number ? number : otherwise;
        }

        int whole(String name, int otherwise) {
            return values.get(name) instanceof Long number ? number.intValue() : otherwise;
        }

        /** Of the last of {@code format} and {@code grammar} given: one takes the place of the other. */
        @Nullable
        OutputFormat format(@Nullable OutputFormat otherwise) {
            Object format = values.get("format");
            if (values.get("grammar") instanceof String grammar) {
                if (format != null && !format.equals("text")) {
                    throw new LocalModelException(
                            LocalModelException.Kind.INVALID_REQUEST,
                            "The options format and grammar cannot be given together: each says all of the reply's form");
                }
                return new OutputFormat.Gbnf(grammar);
            }
            return switch (format) {
                case null -> otherwise;
                case String name when name.equals("json") -> new OutputFormat.Json();
                case Map<?, ?> schema -> {
                    Map<String, @Nullable Object> keywords = new LinkedHashMap<>();
                    schema.forEach((key, value) -> keywords.put(String.valueOf(key), value));
                    yield new OutputFormat.Schema(keywords);
                }
                default -> null;
            };
        }

        OptionalLong seed(OptionalLong otherwise) {
            return values.get("seed") instanceof Long seed
                    ? seed == -1 ? OptionalLong.empty() : OptionalLong.of(seed)
                    : otherwise;
        }

        List<String> stop(List<String> otherwise) {
            return values.get("stop") instanceof List<?> stop
                    ? stop.stream().map(String::valueOf).toList()
                    : otherwise;
        }

        Map<Integer, Double> bias(Map<Integer, Double> otherwise) {
            if (!(values.get("logit_bias") instanceof Map<?, ?> map)) {
                return otherwise;
            }
            Map<Integer, Double> bias = new HashMap<>();
            map.forEach((token, amount) -> {
                if (token instanceof Integer id && amount instanceof Double number) {
                    bias.put(id, number);
                }
            });
            return bias;
        }
    }
}
