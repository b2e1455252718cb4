package org.llmspell.server.openai;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
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

/** {@code /v1/completions}: text that goes on from a prompt, without a chat template. */
final class Completions {
    private final Catalog catalog;
    private final Generations generations;

    Completions(Catalog catalog, Generations generations) {
        this.catalog = catalog;
        this.generations = generations;
    }

    void handle(Exchange exchange) throws IOException, InterruptedException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.find(body.string("model"));
        Long alternatives = body.whole("logprobs", 0, 20);
        if (!body.string("suffix", "").isEmpty()) {
            throw HttpFailure.wrong("suffix", "suffix is not supported");
        }
        body.whole("best_of", 1, 1);
        boolean echo = body.flag("echo", false);
        ChatOptions options = OpenAiOptions.read(
                        body, List.of("max_tokens"), alternatives == null ? -1 : alternatives.intValue())
                .with(Map.of("raw", true), Set.of());
        if (!body.has("max_tokens")) {
            options = options.with(Map.of("max_tokens", 16L), Set.of()); // this route's own default
        }
        String prompt = prompt(body);
        ChatRequest request = options.request(target.spec(), List.of(ChatMessage.user(prompt)));
        Form form = new Form(exchange, target.name(), alternatives != null);
        if (body.flag("stream", false)) {
            Body streamOptions = body.object("stream_options");
            form.stream(
                    target,
                    request,
                    echo ? prompt : "",
                    streamOptions != null && streamOptions.flag("include_usage", false));
        } else {
            form.whole(target, request, echo ? prompt : "");
        }
    }

    private static String prompt(Body body) {
        if (body.value("prompt") instanceof List<?> list
                && (list.size() != 1 || !(list.getFirst() instanceof String))) {
            throw HttpFailure.wrong("prompt", "prompt must be one text; lists of prompts or tokens are not supported");
        }
        List<String> prompts = body.strings("prompt", 1);
        if (prompts.isEmpty() || prompts.getFirst().isEmpty()) {
            throw HttpFailure.wrong("prompt", "prompt is required");
        }
        return prompts.getFirst();
    }

    /** One reply on its way. */
    private final class Form {
        private final Exchange exchange;
        private final String model;
        private final boolean logprobs;
        private final String id = OpenAiReplies.id("cmpl-");
        private final long created = OpenAiReplies.now();
        private int offset;

        Form(Exchange exchange, String model, boolean logprobs) {
            this.exchange = exchange;
            this.model = model;
            this.logprobs = logprobs;
        }

        void whole(Catalog.Target target, ChatRequest request, String before) throws InterruptedException {
            List<ChatChunk.TokenLogprob> tokens = new ArrayList<>();
            StringBuilder text = new StringBuilder(before);
            ChatResult result = generations.run(target, request, chunk -> {
                text.append(chunk.text());
                tokens.addAll(chunk.logprobs());
            });
            offset = before.length();
            Map<String, @Nullable Object> reply =
                    reply(text.toString(), tokens, result.finishReason().id());
            reply.put("usage", OpenAiReplies.usage(result));
            exchange.json(200, reply);
        }

        void stream(Catalog.Target target, ChatRequest request, String before, boolean usage)
                throws InterruptedException {
            ChatResult result = generations.run(target, request, chunk -> {
                if (!exchange.started() && !before.isEmpty()) {
                    exchange.stream(ReplyStream.EVENTS).event(reply(before, List.of(), null));
                }
                if (!chunk.text().isEmpty() || !chunk.logprobs().isEmpty()) {
                    exchange.stream(ReplyStream.EVENTS).event(reply(chunk.text(), chunk.logprobs(), null));
                }
            });
            exchange.stream(ReplyStream.EVENTS)
                    .event(reply("", List.of(), result.finishReason().id()));
            if (usage) {
                Map<String, @Nullable Object> last = reply("", List.of(), null);
                last.put("choices", List.of());
                last.put("usage", OpenAiReplies.usage(result));
                exchange.stream(ReplyStream.EVENTS).event(last);
            }
            exchange.stream(ReplyStream.EVENTS).done();
        }

        private Map<String, @Nullable Object> reply(
                String text, List<ChatChunk.TokenLogprob> tokens, @Nullable String finishReason) {
            Map<String, @Nullable Object> choice = OpenAiReplies.map("text", text, "index", 0);
            choice.put("logprobs", logprobs ? OpenAiReplies.parallelLogprobs(tokens, offset) : null);
            choice.put("finish_reason", finishReason);
            offset += text.length();
            return OpenAiReplies.map(
                    "id",
                    id,
                    "object",
                    "text_completion",
                    "created",
                    created,
                    "model",
                    model,
                    "system_fingerprint",
                    "fp_llmspell",
                    "choices",
                    List.of(choice));
        }
    }
}
