package org.llmspell.langchain4j;

import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialThinkingContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatResult;

/**
 * Tells a handler of a reply, all on one thread. What the handler throws it is told as an error, and the reply goes on; after its
 * cancellation it is told nothing more.
 */
final class HandlerReply {
    private static final System.Logger LOG = System.getLogger(HandlerReply.class.getName());

    private final Reply reply;
    private final String modelName;
    private final StreamingChatResponseHandler handler;
    private final Pieces pieces = new Pieces();

    HandlerReply(Reply reply, String modelName, StreamingChatResponseHandler handler) {
        this.reply = reply;
        this.modelName = modelName;
        this.handler = handler;
    }

    void run() {
        ChatResult result;
        try {
            result = reply.run(this::tell);
        } catch (RuntimeException | Error e) {
            fail(e);
            return;
        }
        if (result != null) {
            guarded(() -> handler.onCompleteResponse(Replies.of(result, modelName)));
        }
    }

    private void tell(ChatChunk chunk) {
        for (ChatModelStreamingEvent event : pieces.events(chunk)) {
            if (reply.isCancelled()) {
                return;
            }
            guarded(() -> tell(event));
        }
    }

    private void tell(ChatModelStreamingEvent event) {
        switch (event) {
            case PartialThinking thinking -> handler.onPartialThinking(thinking, new PartialThinkingContext(reply));
            case PartialResponse text -> handler.onPartialResponse(text, new PartialResponseContext(reply));
            case CompleteToolCall call -> handler.onCompleteToolCall(call);
            default -> throw new IllegalArgumentException("no piece of a reply: " + event);
        }
    }

    private void guarded(Runnable callback) {
        try {
            callback.run();
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    private void fail(Throwable failure) {
        try {
            handler.onError(failure);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "a handler's onError failed, which is ignored", e);
        }
    }
}
