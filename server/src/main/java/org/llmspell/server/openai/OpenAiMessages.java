package org.llmspell.server.openai;

import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.ToolCall;
import org.llmspell.server.api.Body;
import org.llmspell.server.api.Tools;
import org.llmspell.server.http.HttpFailure;

/** Messages as OpenAI writes them, their contents being texts or lists of parts. */
final class OpenAiMessages {
    private static final int MOST = 10_000;

    private OpenAiMessages() {}

    /** The messages of {@code field}; at least one. */
    static List<ChatMessage> read(Body body, String field) {
        List<ChatMessage> messages = new ArrayList<>();
        for (Body message : body.objects(field, MOST)) {
            messages.add(message(message, messages));
        }
        if (messages.isEmpty()) {
            throw HttpFailure.wrong(field, field + " is required: a list of at least one message");
        }
        return messages;
    }

    private static ChatMessage message(Body message, List<ChatMessage> before) {
        switch (message.string("type", "message")) {
            case "function_call" -> {
                ToolCall call = Tools.call(message.string("call_id", ""), message, "arguments");
                return ChatMessage.assistant("", "", List.of(call));
            }
            case "function_call_output" -> {
                return Tools.result(before, message.string("call_id", ""), "", text(message, "output"));
            }
            default -> {}
        }
        String role = message.string("role", "");
        String known = switch (role) {
            case "system", "developer" -> "system";
            case "user", "assistant", "tool" -> role;
            default ->
                throw HttpFailure.wrong(
                        message.at("role"),
                        message.at("role") + " must be one of system, developer, user, assistant and tool");
        };
        String content = text(message, "content");
        return switch (known) {
            case "tool" ->
                Tools.result(before, message.string("tool_call_id", ""), message.string("name", ""), content);
            case "assistant" -> ChatMessage.assistant(content, message.string("reasoning", ""), calls(message));
            default -> new ChatMessage(known, content);
        };
    }

    private static List<ToolCall> calls(Body message) {
        List<ToolCall> calls = new ArrayList<>();
        for (Body call : message.objects("tool_calls", Tools.MOST)) {
            Body function = call.object("function");
            if (function == null) {
                throw HttpFailure.wrong(call.at("function"), call.at("function") + " is required");
            }
            calls.add(Tools.call(call.string("id", ""), function, "arguments"));
        }
        return calls;
    }

    /** The text of a content: itself, its text parts one after the other, or nothing where it is null. */
    static String text(Body message, String field) {
        if (!(message.value(field) instanceof List<?>)) {
            return message.string(field, "");
        }
        StringBuilder text = new StringBuilder();
        for (Body part : message.objects(field, MOST)) {
            String type = part.string("type", "");
            switch (type) {
                case "text", "input_text", "output_text" -> text.append(part.string("text", ""));
                case "refusal" -> text.append(part.string("refusal", ""));
                default ->
                    throw HttpFailure.wrong(
                            part.at("type"), part.at("type") + ": only text is supported, no images, audio or files");
            }
        }
        return text.toString();
    }
}
