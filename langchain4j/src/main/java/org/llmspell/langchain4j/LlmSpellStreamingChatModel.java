package org.llmspell.langchain4j;

import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Flow;

/**
 * A local model, in this process or on an Ollama server, as LangChain4j's streaming chat model. Nothing is loaded before the first
 * request. Thread-safe: requests run at the same time, and in this process are computed together.
 *
 * <p>A request returns at once, and its reply comes on a virtual thread of its own. The handle that comes with every piece cancels
 * the reply, as cancelling the subscription does. Calls of tools come whole. What cannot be asked is thrown at once; what fails
 * later is told the handler. Both are LangChain4j's exceptions, whose message says what to do.
 */
public final class LlmSpellStreamingChatModel implements StreamingChatModel, AutoCloseable {
    private final ChatModelBuilder.Settings settings;

    private LlmSpellStreamingChatModel(ChatModelBuilder.Settings settings) {
        this.settings = settings;
    }

    public static Builder builder() {
        return new Builder();
    }

    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        HandlerReply reply = new HandlerReply(settings.reply(Requests.of(request)), request.modelName(), handler);
        Thread.ofVirtual().name("llmspell-reply").start(reply::run);
    }

    @Override
    public Flow.Publisher<ChatModelStreamingEvent> doChat(ChatRequest request) {
        org.llmspell.local.ChatRequest asked = Requests.of(request);
        return new ReplyPublisher(() -> settings.reply(asked), request.modelName());
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

    /** Makes streaming chat models. */
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
        public LlmSpellStreamingChatModel build() {
            return new LlmSpellStreamingChatModel(settings());
        }
    }
}
