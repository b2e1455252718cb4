package org.llmspell.server.ollama;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatResult;
import org.llmspell.server.api.Body;
import org.llmspell.server.api.Catalog;
import org.llmspell.server.api.Generations;
import org.llmspell.server.api.Tools;
import org.llmspell.server.http.Exchange;
import org.llmspell.server.http.HttpFailure;
import org.llmspell.server.http.ReplyStream;

/** {@code /api/chat} and {@code /api/generate}. */
final class OllamaChat {
    private static final int MOST_MESSAGES = 10_000;
    private static final Set<String> ROLES = Set.of("system", "user", "assistant", "tool");

    private final Catalog catalog;
    private final Generations generations;

    OllamaChat(Catalog catalog, Generations generations) {
        this.catalog = catalog;
        this.generations = generations;
    }

    void chat(Exchange exchange) throws IOException, InterruptedException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.find(body.string("model"));
        ChatOptions options = OllamaOptions.read(body);
        List<ChatMessage> messages = messages(body, target);
        Form form = new Form(exchange, body, target, true);
        if (messages.isEmpty()) {
            form.load(options);
        } else {
            form.reply(options.request(target.spec(), messages, Tools.functions(body, "tools")));
        }
    }

    void generate(Exchange exchange) throws IOException, InterruptedException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.find(body.string("model"));
        boolean raw = body.flag("raw", false);
        ChatOptions options = OllamaOptions.read(body).with(Map.of("raw", raw), Set.of());
        refuse(body, target);
        String prompt = body.string("prompt", "");
        String system = body.string("system", "");
        Form form = new Form(exchange, body, target, false);
        if (prompt.isEmpty()) {
            form.load(options);
            return;
        }
        List<ChatMessage> messages = new ArrayList<>();
        if (!system.isEmpty() && !raw) {
            messages.add(ChatMessage.system(system));
        }
        messages.add(ChatMessage.user(prompt));
        form.reply(options.request(target.spec(), messages));
    }

    /** What this server has no answer to, said rather than passed over, since the reply would be another one. */
    private static void refuse(Body body, Catalog.Target target) {
        if (!body.string("suffix", "").isEmpty()) {
            throw new HttpFailure(400, target.name() + " does not support insert");
        }
        if (!body.string("template", "").isEmpty()) {
            throw HttpFailure.wrong(
                    "template", "template is not supported: the model's own is used; raw takes the prompt as it is");
        }
        if (!body.integers("context", Integer.MAX_VALUE).isEmpty()) {
            throw HttpFailure.wrong("context", "context is not supported: send the conversation to /api/chat");
        }
        refuseImages(body, target);
    }

    private static void refuseImages(Body body, Catalog.Target target) {
        if (body.value("images") instanceof List<?> images && !images.isEmpty()) {
            throw HttpFailure.wrong(body.at("images"), target.name() + " does not support images");
        }
    }

    private static List<ChatMessage> messages(Body body, Catalog.Target target) {
        List<ChatMessage> messages = new ArrayList<>();
        for (Body message : body.objects("messages", MOST_MESSAGES)) {
            refuseImages(message, target);
            String role = message.string("role", "");
            if (!ROLES.contains(role)) {
                throw HttpFailure.wrong(
                        message.at("role"),
                        message.at("role") + " must be one of [\"system\", \"user\", \"assistant\", \"tool\"]");
            }
            String content = message.string("content", "");
            if (role.equals("tool")) {
                messages.add(Tools.result(
                        messages, message.string("tool_call_id", ""), message.string("tool_name", ""), content));
            } else {
                messages.add(new ChatMessage(role, content, message.string("thinking", ""), calls(message), "", ""));
            }
        }
        return messages;
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

    /** How one request wants its reply: lines or one object, messages or plain text. */
    private final class Form {
        private final Exchange exchange;
        private final Catalog.Target target;
        private final boolean stream;
        private final boolean message;
        private final StringBuilder text = new StringBuilder();
        private final StringBuilder thinking = new StringBuilder();
        private final List<ToolCall> calls = new ArrayList<>();
        private int callsSent;
        private final List<ChatChunk.TokenLogprob> logprobs = new ArrayList<>();

        Form(Exchange exchange, Body body, Catalog.Target target, boolean message) {
            this.exchange = exchange;
            this.target = target;
            this.message = message;
            this.stream = body.flag("stream", true);
        }

        void load(ChatOptions options) throws InterruptedException {
            generations.load(target, options.keepAlive());
            Map<String, @Nullable Object> line = line("", "", List.of());
            boolean unload = options.keepAlive() != null && options.keepAlive().isZero();
            OllamaReplies.end(line, unload ? "unload" : "load");
            send(line);
        }

        void reply(ChatRequest request) throws InterruptedException {
            ChatResult result = generations.run(target, request, this::take);
            Map<String, @Nullable Object> last = line(text.toString(), thinking.toString(), calls);
            if (!logprobs.isEmpty()) {
                last.put("logprobs", OllamaReplies.logprobs(logprobs));
            }
            OllamaReplies.end(last, result, result.finishReason().id(), exchange.startedAt());
            send(last);
        }

        private void take(ChatChunk chunk) {
            if (!stream) {
                text.append(chunk.text());
                thinking.append(chunk.thinking());
                calls.addAll(chunk.toolCalls());
                logprobs.addAll(chunk.logprobs());
                return;
            }
            if (chunk.text().isEmpty()
                    && chunk.thinking().isEmpty()
                    && chunk.toolCalls().isEmpty()
                    && chunk.logprobs().isEmpty()) {
                return;
            }
            Map<String, @Nullable Object> line = line(chunk.text(), chunk.thinking(), chunk.toolCalls());
            if (!chunk.logprobs().isEmpty()) {
                line.put("logprobs", OllamaReplies.logprobs(chunk.logprobs()));
            }
            line.put("done", false);
            exchange.stream(ReplyStream.LINES).line(line);
        }

        private Map<String, @Nullable Object> line(String piece, String thought, List<ToolCall> called) {
            Map<String, @Nullable Object> line = OllamaReplies.head(target.name());
            Map<String, @Nullable Object> place = line;
            if (message) {
                place = new LinkedHashMap<>();
                place.put("role", "assistant");
                place.put("content", piece);
                line.put("message", place);
            } else {
                line.put("response", piece);
            }
            if (!thought.isEmpty()) {
                place.put("thinking", thought);
            }
            if (!called.isEmpty()) {
                place.put("tool_calls", OllamaReplies.calls(called, callsSent));
                callsSent += called.size();
            }
            return line;
        }

        private void send(Map<String, @Nullable Object> last) {
            if (stream) {
                exchange.stream(ReplyStream.LINES).line(last);
            } else {
                exchange.json(200, last);
            }
        }
    }
}
