package org.llmspell.local.json;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.BackendStatus;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatResult;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelInfo;
import org.llmspell.local.PullProgress;
import org.llmspell.local.PullResult;

/**
 * The names and values by which every face (JSON, Lua) shows a record: the guide's snake_case, sizes in bytes, times in
 * ISO 8601, durations in seconds. Maps are in the order to show; an absent fact is a key with a null value. Values are
 * strings, numbers, booleans, lists and maps.
 */
public final class Fields {
    private Fields() {}

    public static Map<String, @Nullable Object> of(ModelEntry entry) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("id", entry.id());
        fields.put("backend", entry.backend());
        fields.put("size_bytes", entry.sizeBytes());
        fields.put("quantization", entry.quantization());
        fields.put("modified_at", entry.modifiedAt().toString());
        fields.put("shared", entry.shared());
        fields.put("built_in", entry.builtIn());
        return fields;
    }

    public static Map<String, @Nullable Object> of(ModelInfo info) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("id", info.id());
        fields.put("backend", info.backend());
        fields.put("size_bytes", info.sizeBytes());
        fields.put("format", info.format());
        fields.put("architecture", info.architecture());
        fields.put("quantization", info.quantization());
        fields.put("parameter_count", info.parameterCount());
        fields.put("context_length", info.contextLength());
        fields.put("loaded", info.loaded());
        fields.put("path", info.path());
        fields.put("details", info.details());
        return fields;
    }

    /** With the guide's own word for being available: a server is {@code running}, the embedded engine {@code ready}. */
    public static Map<String, @Nullable Object> of(BackendStatus status) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put(status.backend().equals("candle") ? "ready" : "running", status.available());
        fields.put("models", status.models());
        fields.put("version", status.version());
        fields.put("error", status.error());
        fields.put("details", status.details());
        return fields;
    }

    public static Map<String, @Nullable Object> of(ChatResult result) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("text", result.text());
        if (!result.thinking().isEmpty()) {
            fields.put("thinking", result.thinking());
        }
        if (!result.toolCalls().isEmpty()) {
            fields.put("tool_calls", calls(result.toolCalls()));
        }
        fields.put("finish_reason", result.finishReason().id());
        fields.put("prompt_tokens", result.promptTokens());
        fields.put("cached_tokens", result.cachedTokens());
        fields.put("generated_tokens", result.generatedTokens());
        fields.put("load_seconds", seconds(result.loadTime()));
        fields.put("time_to_first_token_seconds", seconds(result.timeToFirstToken()));
        fields.put("total_seconds", seconds(result.totalTime()));
        fields.put("tokens_per_second", result.tokensPerSecond());
        return fields;
    }

    public static Map<String, @Nullable Object> of(ChatChunk.TokenLogprob token) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("token", token.token());
        fields.put("id", token.id());
        fields.put("logprob", token.logprob());
        fields.put("alternatives", token.alternatives().stream().map(Fields::of).toList());
        return fields;
    }

    public static Map<String, @Nullable Object> of(ChatMessage message) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("role", message.role());
        fields.put("content", message.content());
        if (!message.thinking().isEmpty()) {
            fields.put("thinking", message.thinking());
        }
        if (!message.toolCalls().isEmpty()) {
            fields.put("tool_calls", calls(message.toolCalls()));
        }
        if (!message.toolName().isEmpty()) {
            fields.put("name", message.toolName());
        }
        if (!message.toolCallId().isEmpty()) {
            fields.put("tool_call_id", message.toolCallId());
        }
        return fields;
    }

    public static Map<String, @Nullable Object> of(ToolCall call) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("id", call.id());
        fields.put("name", call.name());
        fields.put("arguments", call.arguments());
        return fields;
    }

    private static List<Map<String, @Nullable Object>> calls(List<ToolCall> calls) {
        return calls.stream().map(Fields::of).toList();
    }

    /** With {@code percent_complete}, {@code bytes_downloaded} and {@code error} as of a finished download. */
    public static Map<String, @Nullable Object> of(PullResult result) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("model_id", result.modelId());
        fields.put("status", result.status());
        fields.put("percent_complete", 100.0);
        fields.put("bytes_downloaded", result.bytesTotal());
        fields.put("bytes_total", result.bytesTotal());
        fields.put("error", null);
        return fields;
    }

    public static Map<String, @Nullable Object> of(PullProgress progress) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("status", progress.status());
        fields.put("percent_complete", progress.percentComplete());
        fields.put("bytes_downloaded", progress.bytesDownloaded());
        fields.put("bytes_total", progress.bytesTotal());
        return fields;
    }

    public static Map<String, @Nullable Object> of(LocalModelException error) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("error", error.getMessage());
        fields.put("kind", error.kind().name().toLowerCase(java.util.Locale.ROOT));
        fields.put("detail", error.detail());
        fields.put("solutions", List.copyOf(error.solutions()));
        return fields;
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
