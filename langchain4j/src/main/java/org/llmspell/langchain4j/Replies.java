package org.llmspell.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.ChatResult;
import org.llmspell.local.json.JsonText;

/** Writes finished replies as LangChain4j's responses. */
final class Replies {
    private Replies() {}

    /** @param modelName as the request called it */
    static ChatResponse of(ChatResult result, String modelName) {
        List<ToolExecutionRequest> calls =
                result.toolCalls().stream().map(Replies::call).toList();
        // A message of calls alone has no text; an answer of no words has an empty one.
        String text = result.text().isEmpty() && !calls.isEmpty() ? none() : result.text();
        String thinking = result.thinking().isEmpty() ? none() : result.thinking();
        return ChatResponse.builder()
                .aiMessage(AiMessage.builder()
                        .text(text)
                        .thinking(thinking)
                        .toolExecutionRequests(calls)
                        .build())
                .metadata(ChatResponseMetadata.builder()
                        .id("llmspell-" + UUID.randomUUID())
                        .modelName(modelName)
                        .tokenUsage(new TokenUsage(result.promptTokens(), result.generatedTokens()))
                        .finishReason(finishReason(result))
                        .build())
                .build();
    }

    static ToolExecutionRequest call(ToolCall call) {
        return ToolExecutionRequest.builder()
                .id(call.id())
                .name(call.name())
                .arguments(JsonText.compact(call.arguments()))
                .build();
    }

    private static FinishReason finishReason(ChatResult result) {
        return switch (result.finishReason()) {
            case STOP -> result.toolCalls().isEmpty() ? FinishReason.STOP : FinishReason.TOOL_EXECUTION;
            case LENGTH -> FinishReason.LENGTH;
            case CANCELLED -> FinishReason.OTHER;
        };
    }

    private static @Nullable String none() {
        return null;
    }
}
