package org.llmspell.server.anthropic;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.ChatRequest;
import org.llmspell.server.api.Body;
import org.llmspell.server.api.Catalog;
import org.llmspell.server.api.Generations;
import org.llmspell.server.api.Tokens;
import org.llmspell.server.api.Tools;
import org.llmspell.server.http.Exchange;
import org.llmspell.server.http.HttpFailure;
import org.llmspell.server.http.Routes;

/** The Anthropic interface: {@code /v1/messages} and {@code /v1/messages/count_tokens}. */
public final class AnthropicRoutes {
    private static final int MOST_MESSAGES = 10_000;
    private static final ChatOptions DEFAULTS =
            ChatOptions.parse(Map.of("temperature", 1.0, "top_p", 1.0, "repeat_penalty", 1.0));

    private final Catalog catalog;
    private final Generations generations;
    private final Tokens tokens;

    private AnthropicRoutes(Catalog catalog, Generations generations, Tokens tokens) {
        this.catalog = catalog;
        this.generations = generations;
        this.tokens = tokens;
    }

    /** Adds its routes. */
    public static void add(Routes routes, Catalog catalog, Generations generations, Tokens tokens) {
        AnthropicRoutes own = new AnthropicRoutes(catalog, generations, tokens);
        routes.on("POST", "/v1/messages", own::messages).on("POST", "/v1/messages/count_tokens", own::count);
    }

    private void messages(Exchange exchange) throws IOException, InterruptedException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.find(body.string("model"));
        Long most = body.whole("max_tokens", 1, Integer.MAX_VALUE);
        if (most == null) {
            throw HttpFailure.wrong("max_tokens", "max_tokens: Field required");
        }
        Map<String, @Nullable Object> ours = new LinkedHashMap<>();
        ours.put("max_tokens", most);
        for (String name : List.of("temperature", "top_k")) {
            ours.put(name, body.value(name));
        }
        Object topP = body.value("top_p");
        ours.put("top_p", topP instanceof Number p && p.doubleValue() == 0 ? (Object) 1e-9 : topP);
        List<String> stop = body.strings("stop_sequences", 64);
        if (!stop.isEmpty()) {
            ours.put("stop", stop);
        }
        Body thinking = body.object("thinking");
        if (thinking != null) {
            ours.put("think", !thinking.string("type", "").equals("disabled"));
        }
        ChatRequest request = DEFAULTS.with(ours, Set.of()).request(target.spec(), conversation(body), tools(body));
        AnthropicReply form = new AnthropicReply(exchange, target, generations);
        if (body.flag("stream", false)) {
            form.stream(request);
        } else {
            form.whole(request);
        }
    }

    private void count(Exchange exchange) throws IOException, InterruptedException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.find(body.string("model"));
        exchange.json(200, Map.of("input_tokens", tokens.count(target, conversation(body))));
    }

    private static List<ChatMessage> conversation(Body body) {
        List<ChatMessage> messages = new ArrayList<>();
        String system = text(body, "system");
        if (!system.isEmpty()) {
            messages.add(ChatMessage.system(system));
        }
        for (Body message : body.objects("messages", MOST_MESSAGES)) {
            String role = message.string("role", "");
            if (!role.equals("user") && !role.equals("assistant")) {
                throw HttpFailure.wrong(message.at("role"), message.at("role") + " must be user or assistant");
            }
            add(message, role, messages);
        }
        if (messages.isEmpty() || messages.getLast().role().equals("system")) {
            throw HttpFailure.wrong("messages", "messages: at least one message is required");
        }
        return messages;
    }

    /** A message as the messages that it stands for: results of tools come inside of a user's. */
    private static void add(Body message, String role, List<ChatMessage> messages) {
        if (!(message.value("content") instanceof List<?>)) {
            messages.add(new ChatMessage(role, message.string("content", "")));
            return;
        }
        StringBuilder text = new StringBuilder();
        StringBuilder thinking = new StringBuilder();
        List<ToolCall> calls = new ArrayList<>();
        boolean results = false;
        for (Body block : message.objects("content", MOST_MESSAGES)) {
            switch (block.string("type", "")) {
                case "text" -> text.append(block.string("text", ""));
                case "thinking" -> thinking.append(block.string("thinking", ""));
                case "redacted_thinking" -> {}
                case "tool_use" -> calls.add(Tools.call(block.string("id", ""), block, "input"));
                case "tool_result" -> {
                    results = true;
                    messages.add(Tools.result(messages, block.string("tool_use_id", ""), "", text(block, "content")));
                }
                default ->
                    throw HttpFailure.wrong(
                            block.at("type"), block.at("type") + ": only text is supported, no images or documents");
            }
        }
        if (role.equals("assistant")) {
            messages.add(ChatMessage.assistant(text.toString(), thinking.toString(), calls));
        } else if (!results || !text.isEmpty()) {
            messages.add(ChatMessage.user(text.toString()));
        }
    }

    /** A text, or the texts of blocks one after the other. */
    private static String text(Body body, String field) {
        if (!(body.value(field) instanceof List<?>)) {
            return body.string(field, "");
        }
        StringBuilder text = new StringBuilder();
        for (Body block : body.objects(field, MOST_MESSAGES)) {
            if (!"text".equals(block.string("type"))) {
                throw HttpFailure.wrong(
                        block.at("type"), block.at("type") + ": only text is supported, no images or documents");
            }
            text.append(block.string("text", ""));
        }
        return text.toString();
    }

    private static List<ToolDefinition> tools(Body body) {
        List<ToolDefinition> tools = new ArrayList<>();
        for (Body tool : body.objects("tools", Tools.MOST)) {
            tools.add(Tools.definition(tool, "input_schema"));
        }
        Body choice = body.object("tool_choice");
        return switch (choice == null ? "auto" : choice.string("type", "")) {
            case "auto" -> tools;
            case "none" -> List.of();
            default ->
                throw HttpFailure.wrong("tool_choice", "tool_choice must be auto or none: a call cannot be forced");
        };
    }
}
