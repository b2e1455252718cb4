package org.llmspell.server.openai;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatResult;
import org.llmspell.server.api.Body;
import org.llmspell.server.api.Catalog;
import org.llmspell.server.api.Generations;
import org.llmspell.server.http.Exchange;
import org.llmspell.server.http.HttpFailure;
import org.llmspell.server.http.ReplyStream;

/** {@code /v1/chat/completions}. */
final class ChatCompletions {
    private final Catalog catalog;
    private final Generations generations;

    ChatCompletions(Catalog catalog, Generations generations) {
        this.catalog = catalog;
        this.generations = generations;
    }

    void handle(Exchange exchange) throws IOException, InterruptedException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.find(body.string("model"));
        int logprobs = -1;
        if (body.flag("logprobs", false)) {
            Long most = body.whole("top_logprobs", 0, 20);
            logprobs = most == null ? 0 : most.intValue();
        } else if (body.has("top_logprobs")) {
            throw HttpFailure.wrong("top_logprobs", "top_logprobs needs logprobs: true");
        }
        ChatOptions options = OpenAiOptions.read(body, List.of("max_completion_tokens", "max_tokens"), logprobs);
        ChatRequest request =
                options.request(target.spec(), OpenAiMessages.read(body, "messages"), OpenAiOptions.tools(body));
        Form form = new Form(exchange, target.name(), logprobs >= 0);
        if (body.flag("stream", false)) {
            Body streamOptions = body.object("stream_options");
            form.stream(target, request, streamOptions != null && streamOptions.flag("include_usage", false));
        } else {
            form.whole(target, request);
        }
    }

    /** One reply on its way. */
    private final class Form {
        private final Exchange exchange;
        private final String model;
        private final boolean logprobs;
        private final String id = OpenAiReplies.id("chatcmpl-");
        private final long created = OpenAiReplies.now();
        private int calls;

        Form(Exchange exchange, String model, boolean logprobs) {
            this.exchange = exchange;
            this.model = model;
            this.logprobs = logprobs;
        }

        private Map<String, @Nullable Object> head(String object) {
            return OpenAiReplies.map(
                    "id",
                    id,
                    "object",
                    object,
                    "created",
                    created,
                    "model",
                    model,
                    "system_fingerprint",
                    "fp_llmspell");
        }

        void whole(Catalog.Target target, ChatRequest request) throws InterruptedException {
            List<ChatChunk.TokenLogprob> tokens = new ArrayList<>();
            StringBuilder text = new StringBuilder();
            ChatResult result = generations.run(target, request, chunk -> {
                text.append(chunk.text());
                tokens.addAll(chunk.logprobs());
            });
            Map<String, @Nullable Object> message = OpenAiReplies.map("role", "assistant", "content", text.toString());
            message.put("refusal", null);
            if (!result.thinking().isEmpty()) {
                message.put("reasoning", result.thinking());
            }
            if (!result.toolCalls().isEmpty()) {
                message.put("content", text.isEmpty() ? null : text.toString());
                message.put("tool_calls", OpenAiReplies.calls(result.toolCalls(), -1));
            }
            Map<String, @Nullable Object> choice = OpenAiReplies.map("index", 0, "message", message);
            choice.put("logprobs", logprobs ? OpenAiReplies.logprobs(tokens) : null);
            choice.put("finish_reason", OpenAiReplies.finishReason(result));
            Map<String, @Nullable Object> reply = head("chat.completion");
            reply.put("choices", List.of(choice));
            reply.put("usage", OpenAiReplies.usage(result));
            exchange.json(200, reply);
        }

        void stream(Catalog.Target target, ChatRequest request, boolean usage) throws InterruptedException {
            ChatResult result = generations.run(target, request, chunk -> {
                Map<String, @Nullable Object> delta = OpenAiReplies.map();
                if (!chunk.text().isEmpty() || !chunk.logprobs().isEmpty()) {
                    delta.put("content", chunk.text());
                }
                if (!chunk.thinking().isEmpty()) {
                    delta.put("reasoning", chunk.thinking());
                }
                if (!chunk.toolCalls().isEmpty()) {
                    delta.put("tool_calls", OpenAiReplies.calls(chunk.toolCalls(), calls));
                    calls += chunk.toolCalls().size();
                }
                if (delta.isEmpty()) {
                    return;
                }
                begin();
                send(delta, logprobs ? OpenAiReplies.logprobs(chunk.logprobs()) : null, null);
            });
            begin();
            send(OpenAiReplies.map(), null, OpenAiReplies.finishReason(result));
            if (usage) {
                Map<String, @Nullable Object> last = head("chat.completion.chunk");
                last.put("choices", List.of());
                last.put("usage", OpenAiReplies.usage(result));
                exchange.stream(ReplyStream.EVENTS).event(last);
            }
            exchange.stream(ReplyStream.EVENTS).done();
        }

        /** The role alone, once; not before the first piece of text, so that an error has its own status. */
        private void begin() {
            if (!exchange.started()) {
                send(OpenAiReplies.map("role", "assistant", "content", ""), null, null);
            }
        }

        private void send(
                Map<String, @Nullable Object> delta,
                @Nullable Map<String, @Nullable Object> tokens,
                @Nullable String finishReason) {
            Map<String, @Nullable Object> choice = OpenAiReplies.map("index", 0, "delta", delta);
            choice.put("logprobs", tokens);
            choice.put("finish_reason", finishReason);
            Map<String, @Nullable Object> chunk = head("chat.completion.chunk");
            chunk.put("choices", List.of(choice));
            exchange.stream(ReplyStream.EVENTS).event(chunk);
        }
    }
}
