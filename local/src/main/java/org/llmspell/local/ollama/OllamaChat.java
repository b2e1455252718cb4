package org.llmspell.local.ollama;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.SamplingOptions;
import org.llmspell.engine.Thinking;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.ChatResult;
import org.llmspell.local.ChatStream;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.OutputFormat;
import org.llmspell.local.json.JsonFields;

/** A reply streamed by an Ollama server: {@code /api/chat}, or {@code /api/generate} where the text goes in as it is. */
final class OllamaChat implements ChatStream {
    private final OllamaObjects lines;
    private final long startedAt = System.nanoTime();
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder thinking = new StringBuilder();
    private final List<ToolCall> calls = new ArrayList<>();
    private final int callsBefore;
    private final boolean raw;
    private @Nullable Duration timeToFirstToken;
    private final AtomicInteger pieces = new AtomicInteger();
    private @Nullable ChatResult result;

    private OllamaChat(OllamaObjects lines, boolean raw, int callsBefore) {
        this.lines = lines;
        this.raw = raw;
        this.callsBefore = callsBefore;
    }

    static OllamaChat start(OllamaClient client, ChatRequest request, String model) {
        if (request.raw() && !request.tools().isEmpty()) {
            throw new LocalModelException(
                    Kind.INVALID_REQUEST,
                    "Raw text takes no tools, since they are described by a chat template",
                    "Leave out 'raw', or the tools");
        }
        Map<String, @Nullable Object> body = new LinkedHashMap<>();
        body.put("model", model);
        if (request.raw()) {
            body.put(
                    "prompt",
                    request.messages().stream().map(ChatMessage::content).collect(Collectors.joining("\n\n")));
            body.put("raw", true);
        } else {
            body.put(
                    "messages",
                    request.messages().stream().map(OllamaMessages::of).toList());
            if (!request.tools().isEmpty()) {
                body.put(
                        "tools",
                        request.tools().stream().map(ToolDefinition::toMap).toList());
            }
        }
        if (request.thinking() != Thinking.DEFAULT) {
            String effort = request.thinking().effort();
            body.put("think", effort.isEmpty() ? request.thinking().wanted() : effort);
        }
        body.put("stream", true);
        body.put("options", options(request));
        Duration keepAlive = request.keepAlive();
        if (keepAlive != null) {
            body.put("keep_alive", keepAlive.isNegative() ? -1 : keepAlive.toSeconds());
        }
        int logprobs = request.sampling().logprobs();
        if (logprobs >= 0) {
            body.put("logprobs", true);
            body.put("top_logprobs", logprobs);
        }
        switch (request.format()) {
            case null -> {}
            case OutputFormat.Json json -> body.put("format", "json");
            case OutputFormat.Schema schema -> body.put("format", schema.keywords());
            case OutputFormat.Gbnf gbnf ->
                throw new LocalModelException(
                        Kind.UNSUPPORTED,
                        "Ollama has no option 'grammar'",
                        "Use format with a JSON Schema, or run the model on @candle");
        }
        String path = request.raw() ? "/api/generate" : "/api/chat";
        int callsBefore = request.messages().stream()
                .mapToInt(message -> message.toolCalls().size())
                .sum();
        return new OllamaChat(client.stream(path, body, model), request.raw(), callsBefore);
    }

    /** The options under Ollama's names, every one of them, so that the server's own defaults never step in. */
    private static Map<String, Object> options(ChatRequest request) {
        SamplingOptions sampling = request.sampling();
        if (!sampling.logitBias().isEmpty()) {
            throw new LocalModelException(
                    Kind.UNSUPPORTED, "Ollama has no option 'logit_bias'", "Leave it out, or run the model on @candle");
        }
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("temperature", sampling.temperature());
        options.put("top_k", sampling.topK());
        options.put("top_p", sampling.topP());
        options.put("min_p", sampling.minP());
        options.put("typical_p", sampling.typicalP());
        options.put("repeat_penalty", sampling.repeatPenalty());
        options.put("repeat_last_n", sampling.repeatLastN());
        options.put("presence_penalty", sampling.presencePenalty());
        options.put("frequency_penalty", sampling.frequencyPenalty());
        options.put("num_predict", sampling.maxTokens());
        sampling.seed().ifPresent(seed -> options.put("seed", seed));
        if (!sampling.stop().isEmpty()) {
            options.put("stop", sampling.stop());
        }
        Integer context = request.contextLength();
        if (context != null) {
            options.put("num_ctx", context);
        }
        return options;
    }

    @Override
    public @Nullable ChatChunk next() {
        while (result == null) {
            Map<String, @Nullable Object> line = lines.next();
            if (line == null) {
                throw lines.brokenOff();
            }
            Map<?, ?> message = raw ? line : JsonFields.object(line, "message");
            String piece = JsonFields.string(message, raw ? "response" : "content");
            String thought = JsonFields.string(message, "thinking");
            List<ToolCall> called = OllamaMessages.calls(message, callsBefore + calls.size());
            List<ChatChunk.TokenLogprob> logprobs = logprobs(line, "logprobs");
            boolean something = piece != null || thought != null || !called.isEmpty();
            if (something && timeToFirstToken == null) {
                timeToFirstToken = elapsed();
            }
            pieces.addAndGet(something ? 1 : 0);
            text.append(piece == null ? "" : piece);
            thinking.append(thought == null ? "" : thought);
            calls.addAll(called);
            if (Boolean.TRUE.equals(line.get("done"))) {
                result = result(line);
                pieces.set(result.generatedTokens());
                lines.close();
            }
            if (something || !logprobs.isEmpty()) {
                return new ChatChunk(piece == null ? "" : piece, thought == null ? "" : thought, called, logprobs);
            }
        }
        return null;
    }

    @Override
    public int generatedTokens() {
        return pieces.get();
    }

    @Override
    public ChatResult result() {
        if (result == null) {
            throw new IllegalStateException("the reply has not ended");
        }
        return result;
    }

    @Override
    public void close() {
        lines.close();
    }

    private ChatResult result(Map<?, ?> last) {
        Duration first = timeToFirstToken;
        return new ChatResult(
                text.toString(),
                thinking.toString(),
                calls,
                "length".equals(last.get("done_reason")) ? FinishReason.LENGTH : FinishReason.STOP,
                count(last, "prompt_eval_count"),
                0,
                count(last, "eval_count"),
                Duration.ofNanos(JsonFields.integer(last, "load_duration", 0)),
                first == null ? elapsed() : first,
                elapsed());
    }

    private Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - startedAt);
    }

    private static int count(Map<?, ?> counts, String key) {
        Integer count = JsonFields.count(counts, key);
        return count == null ? 0 : count;
    }

    private static List<ChatChunk.TokenLogprob> logprobs(Map<?, ?> object, String key) {
        List<ChatChunk.TokenLogprob> tokens = new ArrayList<>();
        for (Map<?, ?> entry : JsonFields.objects(object, key)) {
            String token = JsonFields.string(entry, "token");
            if (entry.get("logprob") instanceof Number logprob) {
                tokens.add(new ChatChunk.TokenLogprob(
                        token == null ? "" : token, -1, logprob.doubleValue(), logprobs(entry, "top_logprobs")));
            }
        }
        return List.copyOf(tokens);
    }
}
