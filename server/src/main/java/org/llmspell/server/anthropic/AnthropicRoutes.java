package org.llmspell.server.anthropic;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.FinishReason;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatResult;
import org.llmspell.server.api.Body;
import org.llmspell.server.api.Catalog;
import org.llmspell.server.api.Generations;
import org.llmspell.server.api.Tokens;
import org.llmspell.server.http.Exchange;
import org.llmspell.server.http.HttpFailure;
import org.llmspell.server.http.ReplyStream;
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
        ChatRequest request = DEFAULTS.with(ours, Set.of()).request(target.spec(), conversation(body));
        Form form = new Form(exchange, target.name());
        if (body.flag("stream", false)) {
            form.stream(target, request);
        } else {
            form.whole(target, request);
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
            messages.add(new ChatMessage(role, text(message, "content")));
        }
        if (messages.isEmpty() || messages.getLast().role().equals("system")) {
            throw HttpFailure.wrong("messages", "messages: at least one message is required");
        }
        return messages;
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

    private static Map<String, @Nullable Object> map(Object... keysAndValues) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }

    /** One reply on its way. */
    private final class Form {
        private final Exchange exchange;
        private final String model;
        private final String id = "msg_" + UUID.randomUUID().toString().replace("-", "");

        Form(Exchange exchange, String model) {
            this.exchange = exchange;
            this.model = model;
        }

        void whole(Catalog.Target target, ChatRequest request) throws InterruptedException {
            StringBuilder text = new StringBuilder();
            ChatResult result = generations.run(target, request, chunk -> text.append(chunk.text()));
            Map<String, @Nullable Object> message = head(List.of(map("type", "text", "text", text.toString())));
            message.put("stop_reason", stopReason(result));
            message.put("usage", usage(result));
            exchange.json(200, message);
        }

        void stream(Catalog.Target target, ChatRequest request) throws InterruptedException {
            ChatResult result = generations.run(target, request, chunk -> {
                if (!chunk.text().isEmpty()) {
                    begin();
                    send(
                            "content_block_delta",
                            map("index", 0, "delta", map("type", "text_delta", "text", chunk.text())));
                }
            });
            begin();
            send("content_block_stop", map("index", 0));
            Map<String, @Nullable Object> delta = map("stop_reason", stopReason(result));
            delta.put("stop_sequence", null);
            send("message_delta", map("delta", delta, "usage", usage(result)));
            send("message_stop", map());
        }

        /** All that comes before the first text; not earlier, so that an error has its own status. */
        private void begin() {
            if (exchange.started()) {
                return;
            }
            Map<String, @Nullable Object> message = head(List.of());
            message.put("usage", map("input_tokens", 0, "output_tokens", 0));
            send("message_start", map("message", message));
            send("content_block_start", map("index", 0, "content_block", map("type", "text", "text", "")));
            send("ping", map());
        }

        private void send(String type, Map<String, @Nullable Object> fields) {
            Map<String, @Nullable Object> event = map("type", type);
            event.putAll(fields);
            exchange.stream(ReplyStream.EVENTS).event(type, event);
        }

        private Map<String, @Nullable Object> head(List<?> content) {
            Map<String, @Nullable Object> message = map(
                    "id", id, "type", "message", "role", "assistant", "model", model, "content", content);
            message.put("stop_reason", null);
            message.put("stop_sequence", null);
            return message;
        }

        private String stopReason(ChatResult result) {
            return result.finishReason() == FinishReason.LENGTH ? "max_tokens" : "end_turn";
        }

        private Map<String, @Nullable Object> usage(ChatResult result) {
            return map(
                    "input_tokens",
                    result.promptTokens() - result.cachedTokens(),
                    "cache_creation_input_tokens",
                    0,
                    "cache_read_input_tokens",
                    result.cachedTokens(),
                    "output_tokens",
                    result.generatedTokens());
        }
    }
}
