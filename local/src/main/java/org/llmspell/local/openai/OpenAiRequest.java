package org.llmspell.local.openai;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.SamplingOptions;
import org.llmspell.engine.Thinking;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.local.ChatRequest;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.OutputFormat;
import org.llmspell.local.json.JsonText;

/**
 * A request as {@code /chat/completions} takes it, or {@code /completions} where the text goes in as it is. What OpenAI itself does
 * not have goes under the names that engines agree on: {@code top_k}, {@code min_p}, {@code typical_p}; {@code repetition_penalty} of
 * vLLM, SGLang and TGI and {@code repeat_penalty} of llama.cpp, each of which ignores the other's; {@code chat_template_kwargs} for thinking.
 */
final class OpenAiRequest {
    private OpenAiRequest() {}

    /** Where to post {@link #body}. */
    static String path(ChatRequest request) {
        return request.raw() ? "/completions" : "/chat/completions";
    }

    /**
     * The request.
     *
     * @param model as the servers name it
     * @param extensions whether they take more than OpenAI's own options
     */
    static Map<String, @Nullable Object> body(ChatRequest request, String model, boolean extensions) {
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
        } else {
            body.put(
                    "messages",
                    request.messages().stream().map(OpenAiRequest::message).toList());
        }
        if (!request.tools().isEmpty()) {
            body.put(
                    "tools", request.tools().stream().map(ToolDefinition::toMap).toList());
        }
        sampling(body, request.sampling(), request.raw(), extensions);
        thinking(body, request.thinking(), extensions);
        format(body, request.format());
        body.put("stream", true);
        body.put("stream_options", Map.of("include_usage", true));
        return body;
    }

    private static void sampling(
            Map<String, @Nullable Object> body, SamplingOptions sampling, boolean raw, boolean extensions) {
        body.put("temperature", sampling.temperature());
        body.put("top_p", sampling.topP());
        body.put("presence_penalty", sampling.presencePenalty());
        body.put("frequency_penalty", sampling.frequencyPenalty());
        if (sampling.maxTokens() >= 0) {
            // OpenAI's newer models refuse the old name, and engines of others do not all know the new one.
            body.put(extensions || raw ? "max_tokens" : "max_completion_tokens", sampling.maxTokens());
        }
        sampling.seed().ifPresent(seed -> body.put("seed", seed));
        if (!sampling.stop().isEmpty()) {
            body.put("stop", sampling.stop());
        }
        if (!sampling.logitBias().isEmpty()) {
            Map<String, Double> bias = new LinkedHashMap<>();
            sampling.logitBias().forEach((token, amount) -> bias.put(String.valueOf(token), amount));
            body.put("logit_bias", bias);
        }
        if (sampling.logprobs() >= 0) {
            body.put("logprobs", raw ? (Object) sampling.logprobs() : (Object) true);
            if (!raw) {
                body.put("top_logprobs", sampling.logprobs());
            }
        }
        if (extensions) {
            body.put("top_k", sampling.topK() == 0 ? -1 : sampling.topK());
            body.put("min_p", sampling.minP());
            if (sampling.typicalP() < 1) {
                body.put("typical_p", sampling.typicalP());
            }
            body.put("repetition_penalty", sampling.repeatPenalty());
            body.put("repeat_penalty", sampling.repeatPenalty());
            body.put("repeat_last_n", sampling.repeatLastN());
        }
    }

    private static void thinking(Map<String, @Nullable Object> body, Thinking thinking, boolean extensions) {
        if (!thinking.effort().isEmpty()) {
            body.put("reasoning_effort", thinking.effort());
        }
        if (thinking != Thinking.DEFAULT && extensions) {
            body.put("chat_template_kwargs", Map.of("enable_thinking", thinking.wanted()));
        }
    }

    private static void format(Map<String, @Nullable Object> body, @Nullable OutputFormat format) {
        switch (format) {
            case null -> {}
            case OutputFormat.Json() -> body.put("response_format", Map.of("type", "json_object"));
            case OutputFormat.Schema(Map<String, @Nullable Object> keywords) ->
                body.put(
                        "response_format",
                        Map.of(
                                "type",
                                "json_schema",
                                "json_schema",
                                Map.of("name", "reply", "schema", keywords, "strict", true)));
            case OutputFormat.Gbnf ignored ->
                throw new LocalModelException(
                        Kind.UNSUPPORTED,
                        "The OpenAI interface has no grammars",
                        "Give a JSON Schema with 'format', or run the model on @candle");
        }
    }

    private static Map<String, @Nullable Object> message(ChatMessage message) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("role", message.role());
        fields.put("content", message.content());
        if (!message.toolCalls().isEmpty()) {
            List<Map<String, Object>> calls = new ArrayList<>();
            for (ToolCall call : message.toolCalls()) {
                Map<String, Object> function = new LinkedHashMap<>();
                function.put("name", call.name());
                function.put("arguments", JsonText.compact(call.arguments()));
                calls.add(Map.of("id", call.id(), "type", "function", "function", function));
            }
            fields.put("tool_calls", calls);
        }
        if (!message.toolCallId().isEmpty()) {
            fields.put("tool_call_id", message.toolCallId());
        }
        return fields;
    }
}
