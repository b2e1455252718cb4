package org.llmspell.langchain4j;

import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.Thinking;
import org.llmspell.local.ChatOption;

/**
 * Parameters of a request with those options of this project that LangChain4j has no words for. What is left out is as the model was
 * built, and else this project's default. Immutable.
 */
public final class LlmSpellChatRequestParameters extends DefaultChatRequestParameters {
    private final Map<String, Object> options;

    private LlmSpellChatRequestParameters(Builder builder) {
        super(builder);
        options = Collections.unmodifiableMap(new LinkedHashMap<>(builder.options));
    }

    public static Builder builder() {
        return new Builder();
    }

    /** The further options by their {@link ChatOption} names, such as {@code min_p}. */
    public Map<String, Object> options() {
        return options;
    }

    @Override
    public LlmSpellChatRequestParameters overrideWith(ChatRequestParameters that) {
        return builder().overrideWith(this).overrideWith(that).build();
    }

    @Override
    public LlmSpellChatRequestParameters defaultedBy(ChatRequestParameters that) {
        return builder().overrideWith(that).overrideWith(this).build();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return super.equals(other)
                && other instanceof LlmSpellChatRequestParameters parameters
                && options.equals(parameters.options);
    }

    @Override
    public int hashCode() {
        return Objects.hash(super.hashCode(), options);
    }

    @Override
    public String toString() {
        return super.toString() + options;
    }

    /** Collects parameters; values are checked when a model is built and when a request is made. Not thread-safe. */
    public static final class Builder extends DefaultChatRequestParameters.Builder<Builder> {
        private final Map<String, Object> options = new LinkedHashMap<>();

        private Builder() {}

        @Override
        public Builder overrideWith(ChatRequestParameters parameters) {
            super.overrideWith(parameters);
            if (parameters instanceof LlmSpellChatRequestParameters further) {
                options.putAll(further.options);
            }
            return this;
        }

        /** Choose among tokens at least so many times as likely as the likeliest: 0 to 1. */
        public Builder minP(@Nullable Double minP) {
            return option("min_p", minP);
        }

        /** Makes recent tokens less likely; 1 is off. */
        public Builder repeatPenalty(@Nullable Double repeatPenalty) {
            return option("repeat_penalty", repeatPenalty);
        }

        /** Of the random numbers, for replies that can be repeated; −1 for a fresh one each time. */
        public Builder seed(@Nullable Long seed) {
            return option("seed", seed);
        }

        /** A grammar in llama.cpp's notation GBNF that the reply follows; in place of a response format. */
        public Builder grammar(@Nullable String grammar) {
            return option("grammar", grammar);
        }

        /** Whether the model thinks before it answers; {@link Thinking#DEFAULT} leaves it to its template. */
        public Builder thinking(@Nullable Thinking thinking) {
            return option(
                    "think",
                    switch (thinking) {
                        case null -> null;
                        case DEFAULT -> null;
                        case ON -> true;
                        case OFF -> false;
                        case LOW, MEDIUM, HIGH -> thinking.effort();
                    });
        }

        /** Tokens of context, prompt and reply together. */
        public Builder contextLength(@Nullable Integer tokens) {
            return option("context_length", tokens);
        }

        /** How long the model stays loaded afterwards; zero not at all, negative for ever. */
        public Builder keepAlive(@Nullable Duration keepAlive) {
            return option(
                    "keep_alive", keepAlive == null ? null : keepAlive.isNegative() ? -1 : keepAlive.toMillis() / 1e3);
        }

        /**
         * Any option of {@link ChatOption#ALL}.
         *
         * @param name as there, in snake_case
         * @param value null to leave the option as it is by default
         */
        public Builder option(String name, @Nullable Object value) {
            if (value == null) {
                options.remove(name);
            } else {
                options.put(name, value);
            }
            return this;
        }

        @Override
        public LlmSpellChatRequestParameters build() {
            return new LlmSpellChatRequestParameters(this);
        }
    }
}
