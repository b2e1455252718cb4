package org.llmspell.langchain4j;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.TokenCountEstimator;
import java.util.List;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatInput;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.ModelLease;
import org.llmspell.local.Backend;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.candle.CandleBackend;

/**
 * Counts tokens with the model's own vocabulary and chat template: exact for a text, and for a conversation as a request for the
 * next reply would send it. For models of the embedded backend; an Ollama server does not tell. The first count loads the model.
 * Thread-safe.
 */
public final class LlmSpellTokenCountEstimator implements TokenCountEstimator, AutoCloseable {
    private final Connection connection;
    private final ModelSpec model;

    private LlmSpellTokenCountEstimator(ModelSpec model, Connection connection) {
        this.model = model;
        this.connection = connection;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** The tokens of a text, without those that begin or end a prompt. */
    @Override
    public int estimateTokenCountInText(String text) {
        return count(lease -> tokens(lease, text));
    }

    private static int tokens(ModelLease lease, String text) {
        return lease.tokenizer().encode(text, false, false).length;
    }

    /** The tokens of a conversation of that message alone. */
    @Override
    public int estimateTokenCountInMessage(ChatMessage message) {
        return estimateTokenCountInMessages(List.of(message));
    }

    /**
     * The tokens of the conversation, with those of the chat template around it. Of one that the template refuses, such as one that
     * begins with an answer, those of its texts alone.
     */
    @Override
    public int estimateTokenCountInMessages(Iterable<ChatMessage> messages) {
        List<org.llmspell.engine.ChatMessage> conversation = Failures.mapped(() -> Messages.of(messages));
        if (conversation.isEmpty()) {
            return 0;
        }
        return count(lease -> {
            try {
                return lease.prompt(ChatInput.of(conversation, false)).tokens().length;
            } catch (EngineException e) {
                if (e.problem() != EngineException.Problem.TEMPLATE_FAILED) {
                    throw e;
                }
                return conversation.stream()
                        .mapToInt(message -> tokens(lease, message.thinking())
                                + tokens(lease, message.content())
                                + message.toolCalls().stream()
                                        .mapToInt(call -> tokens(lease, call.name())
                                                + tokens(
                                                        lease,
                                                        Replies.call(call).arguments()))
                                        .sum())
                        .sum();
            }
        });
    }

    private int count(ToIntFunction<ModelLease> counting) {
        return Failures.mapped(() -> {
            Backend backend = connection.models().resolve(model);
            if (!(backend instanceof CandleBackend candle)) {
                throw new UnsupportedFeatureException("Counting tokens is not supported by " + backend.name()
                        + ", whose server does not tell them; use a model of candle: local/NAME:VARIANT@candle");
            }
            try (ModelLease lease = candle.open(model, null)) {
                return counting.applyAsInt(lease);
            } catch (EngineException e) {
                throw new LocalModelException(
                        LocalModelException.Kind.MODEL_UNUSABLE, String.valueOf(e.getMessage()), null, e.advice(), e);
            }
        });
    }

    /** Unloads the model, unless the backends are shared. */
    @Override
    public void close() {
        connection.close();
    }

    /** Makes estimators. Null leaves a setting as it is by default. Not thread-safe. */
    public static final class Builder extends ModelBuilder<Builder> {
        private @Nullable String modelName;

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /** Which model: {@code local/NAME:VARIANT@candle}, or the path of a {@code .gguf} file. */
        public Builder modelName(String modelName) {
            this.modelName = modelName;
            return this;
        }

        /**
         * The estimator as set up so far.
         *
         * @throws LangChain4jException if the model's name is missing or malformed, or the configuration broken
         */
        public LlmSpellTokenCountEstimator build() {
            return new LlmSpellTokenCountEstimator(Requests.model(modelName), connection());
        }
    }
}
