package org.llmspell.langchain4j;

import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialThinking;
import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.ChatChunk;

/** Turns the pieces of one reply into LangChain4j's events; calls are whole, and numbered in their order. Not thread-safe. */
final class Pieces {
    private int calls;

    /** What is new in {@code chunk}: thinking, then text, then calls; empty for log-probabilities alone. */
    List<ChatModelStreamingEvent> events(ChatChunk chunk) {
        List<ChatModelStreamingEvent> events = new ArrayList<>();
        if (!chunk.thinking().isEmpty()) {
            events.add(new PartialThinking(chunk.thinking()));
        }
        if (!chunk.text().isEmpty()) {
            events.add(new PartialResponse(chunk.text()));
        }
        for (ToolCall call : chunk.toolCalls()) {
            events.add(new CompleteToolCall(calls++, Replies.call(call)));
        }
        return events;
    }
}
