package org.llmspell.server.openai;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.ChatChunk;
import org.llmspell.local.ChatResult;
import org.llmspell.local.json.JsonText;

/** The objects that OpenAI's replies are made of. */
final class OpenAiReplies {
    private OpenAiReplies() {}

    static Map<String, @Nullable Object> map(Object... keysAndValues) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }

    /** An identity such as {@code chatcmpl-…}. */
    static String id(String prefix) {
        return prefix + UUID.randomUUID().toString().replace("-", "");
    }

    static long now() {
        return System.currentTimeMillis() / 1000;
    }

    static Map<String, @Nullable Object> usage(ChatResult result) {
        return map(
                "prompt_tokens",
                result.promptTokens(),
                "completion_tokens",
                result.generatedTokens(),
                "total_tokens",
                result.promptTokens() + result.generatedTokens(),
                "prompt_tokens_details",
                map("cached_tokens", result.cachedTokens()));
    }

    /**
     * Calls, their arguments as JSON text.
     *
     * @param first the index of the first of them within the reply; −1 to leave indices out
     */
    static List<Map<String, @Nullable Object>> calls(List<ToolCall> calls, int first) {
        List<Map<String, @Nullable Object>> list = new ArrayList<>();
        for (ToolCall call : calls) {
            Map<String, @Nullable Object> entry = map();
            if (first >= 0) {
                entry.put("index", first + list.size());
            }
            entry.put("id", call.id());
            entry.put("type", "function");
            entry.put("function", map("name", call.name(), "arguments", JsonText.compact(call.arguments())));
            list.add(entry);
        }
        return list;
    }

    /** Why a reply ended; calls are a reason of their own. */
    static String finishReason(ChatResult result) {
        return result.toolCalls().isEmpty() ? result.finishReason().id() : "tool_calls";
    }

    /** {@code {"content": […], "refusal": null}} of chat completions. */
    static Map<String, @Nullable Object> logprobs(List<ChatChunk.TokenLogprob> tokens) {
        List<Object> content = new ArrayList<>(tokens.size());
        for (ChatChunk.TokenLogprob token : tokens) {
            Map<String, @Nullable Object> entry = logprob(token);
            entry.put(
                    "top_logprobs",
                    token.alternatives().stream().map(OpenAiReplies::logprob).toList());
            content.add(entry);
        }
        Map<String, @Nullable Object> logprobs = map("content", content);
        logprobs.put("refusal", null);
        return logprobs;
    }

    private static Map<String, @Nullable Object> logprob(ChatChunk.TokenLogprob token) {
        List<Integer> bytes = new ArrayList<>();
        for (byte b : token.token().getBytes(StandardCharsets.UTF_8)) {
            bytes.add(b & 0xFF);
        }
        return map("token", token.token(), "logprob", token.logprob(), "bytes", bytes);
    }

    /**
     * The parallel lists of completions.
     *
     * @param offset characters of the text before the first token
     */
    static Map<String, @Nullable Object> parallelLogprobs(List<ChatChunk.TokenLogprob> tokens, int offset) {
        List<Object> texts = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        List<Object> tops = new ArrayList<>();
        List<Object> offsets = new ArrayList<>();
        int at = offset;
        for (ChatChunk.TokenLogprob token : tokens) {
            texts.add(token.token());
            values.add(token.logprob());
            Map<String, @Nullable Object> top = new LinkedHashMap<>();
            token.alternatives().forEach(other -> top.put(other.token(), other.logprob()));
            tops.add(top);
            offsets.add(at);
            at += token.token().length();
        }
        return map("tokens", texts, "token_logprobs", values, "top_logprobs", tops, "text_offset", offsets);
    }
}
