package org.llmspell.server.ollama;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatResult;

/** The objects that Ollama's replies are made of. */
final class OllamaReplies {
    private OllamaReplies() {}

    static Map<String, @Nullable Object> head(String model) {
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        line.put("model", model);
        line.put("created_at", Instant.now().toString());
        return line;
    }

    /** What a model without anything to say replies to being loaded or unloaded. */
    static void end(Map<String, @Nullable Object> line, String reason) {
        line.put("done", true);
        line.put("done_reason", reason);
    }

    /**
     * The end of a reply, with what it took in nanoseconds.
     *
     * @param startedAt {@link System#nanoTime} of the request
     */
    static void end(Map<String, @Nullable Object> line, ChatResult result, String reason, long startedAt) {
        end(line, reason);
        Duration prompt = result.timeToFirstToken().minus(result.loadTime());
        line.put("total_duration", System.nanoTime() - startedAt);
        line.put("load_duration", result.loadTime().toNanos());
        line.put("prompt_eval_count", result.promptTokens());
        line.put("prompt_eval_duration", Math.max(0, prompt.toNanos()));
        line.put("eval_count", result.generatedTokens());
        line.put(
                "eval_duration",
                Math.max(0, result.totalTime().minus(result.timeToFirstToken()).toNanos()));
    }

    /** @param first the index of the first of them within the reply */
    static List<Map<String, @Nullable Object>> calls(List<ToolCall> calls, int first) {
        List<Map<String, @Nullable Object>> list = new ArrayList<>();
        for (ToolCall call : calls) {
            Map<String, @Nullable Object> function = new LinkedHashMap<>();
            function.put("index", first + list.size());
            function.put("name", call.name());
            function.put("arguments", call.arguments());
            Map<String, @Nullable Object> entry = new LinkedHashMap<>();
            entry.put("id", call.id());
            entry.put("function", function);
            list.add(entry);
        }
        return list;
    }

    static List<Map<String, @Nullable Object>> logprobs(List<ChatChunk.TokenLogprob> tokens) {
        List<Map<String, @Nullable Object>> list = new ArrayList<>(tokens.size());
        for (ChatChunk.TokenLogprob token : tokens) {
            Map<String, @Nullable Object> entry = logprob(token);
            entry.put(
                    "top_logprobs",
                    token.alternatives().stream().map(OllamaReplies::logprob).toList());
            list.add(entry);
        }
        return list;
    }

    private static Map<String, @Nullable Object> logprob(ChatChunk.TokenLogprob token) {
        Map<String, @Nullable Object> entry = new LinkedHashMap<>();
        entry.put("token", token.token());
        entry.put("logprob", token.logprob());
        List<Integer> bytes = new ArrayList<>();
        for (byte b : token.token().getBytes(StandardCharsets.UTF_8)) {
            bytes.add(b & 0xFF);
        }
        entry.put("bytes", bytes);
        return entry;
    }
}
