package org.llmspell.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.json.JsonText;

/** Reads LangChain4j's messages as this project's. */
final class Messages {
    private Messages() {}

    /**
     * The conversation, in its order.
     *
     * @throws UnsupportedFeatureException for content other than text, and for custom messages
     * @throws InvalidRequestException if the arguments of an earlier call are no JSON object
     */
    static List<org.llmspell.engine.ChatMessage> of(Iterable<ChatMessage> messages) {
        List<org.llmspell.engine.ChatMessage> conversation = new ArrayList<>();
        messages.forEach(message -> conversation.add(of(message)));
        return conversation;
    }

    private static org.llmspell.engine.ChatMessage of(ChatMessage message) {
        return switch (message) {
            case SystemMessage system -> org.llmspell.engine.ChatMessage.system(system.text());
            case UserMessage user -> org.llmspell.engine.ChatMessage.user(text(user.contents()));
            case AiMessage ai ->
                org.llmspell.engine.ChatMessage.assistant(
                        Objects.requireNonNullElse(ai.text(), ""),
                        Objects.requireNonNullElse(ai.thinking(), ""),
                        ai.toolExecutionRequests().stream().map(Messages::call).toList());
            case ToolExecutionResultMessage result ->
                new org.llmspell.engine.ChatMessage(
                        "tool",
                        text(result.contents()),
                        "",
                        List.of(),
                        Objects.requireNonNullElse(result.toolName(), ""),
                        Objects.requireNonNullElse(result.id(), ""));
            default ->
                throw new UnsupportedFeatureException(
                        "Messages of type " + message.type().name().toLowerCase(Locale.ROOT) + " are not supported");
        };
    }

    /** The texts, each on lines of its own. */
    private static String text(List<Content> contents) {
        StringBuilder text = new StringBuilder();
        for (Content content : contents) {
            if (!(content instanceof TextContent part)) {
                String type = content.type().name().toLowerCase(Locale.ROOT);
                throw new UnsupportedFeatureException("Content of type " + type
                        + " is not supported: models are given text only, whatever the backend");
            }
            text.append(text.isEmpty() ? "" : "\n").append(part.text());
        }
        return text.toString();
    }

    private static ToolCall call(ToolExecutionRequest request) {
        String arguments = Objects.requireNonNullElse(request.arguments(), "");
        Map<String, @Nullable Object> values;
        try {
            values = arguments.isBlank() ? Map.of() : JsonText.parseObject(arguments);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException(
                    "The arguments of an earlier call of the tool " + request.name() + " are no JSON object: "
                            + e.getMessage(),
                    e);
        }
        return new ToolCall(Objects.requireNonNullElse(request.id(), ""), request.name(), values);
    }
}
