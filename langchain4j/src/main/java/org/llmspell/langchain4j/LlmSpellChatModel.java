package org.llmspell.langchain4j;

import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.llmspell.local.ChatResult;

/**
 * A local model, in this process or on an Ollama server, as LangChain4j's chat model. Nothing is loaded before the first request.
 * Thread-safe: requests run at the same time, and in this process are computed together.
 *
 * <p>Interrupting a thread that waits for a reply cancels it, as cancelling the future of an asynchronous request does. Failures are
 * LangChain4j's exceptions, whose message says what to do.
 */
public final class LlmSpellChatModel implements ChatModel, AutoCloseable {
    private final ChatModelBuilder.Settings settings;

    private LlmSpellChatModel(ChatModelBuilder.Settings settings) {
        this.settings = settings;
    }

    public static Builder builder() {
        return new Builder();
    }

    @Override
    public ChatResponse doChat(ChatRequest request) {
        return reply(settings.reply(Requests.of(request)), request);
    }

    private static ChatResponse reply(Reply reply, ChatRequest request) {
        ChatResult result = reply.run(piece -> {});
        if (result == null) {
            throw new CancellationException("the reply was cancelled");
        }
        return Replies.of(result, request.modelName());
    }

    @Override
    public CompletableFuture<ChatResponse> doChatAsync(ChatRequest request) {
        Reply reply = settings.reply(Requests.of(request));
        return Asynchronous.run(() -> reply(reply, request), worker -> reply.cancel());
    }

    @Override
    public LlmSpellChatRequestParameters defaultRequestParameters() {
        return settings.defaults();
    }

    @Override
    public List<ChatModelListener> listeners() {
        return settings.listeners();
    }

    @Override
    public Set<Capability> supportedCapabilities() {
        return settings.capabilities();
    }

    /** Cancels replies on their way and unloads models, unless the backends are shared. */
    @Override
    public void close() {
        settings.connection().close();
    }

    /** Makes chat models. */
    public static final class Builder extends ChatModelBuilder<Builder> {
        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * The model as set up so far.
         *
         * @throws LangChain4jException if a value is out of range, the model's name malformed or the configuration broken
         */
        public LlmSpellChatModel build() {
            return new LlmSpellChatModel(settings());
        }
    }
}
