package org.llmspell.server.openai;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ToolDefinition;
import org.llmspell.local.ChatOptions;
import org.llmspell.server.api.Body;
import org.llmspell.server.api.Tools;
import org.llmspell.server.http.HttpFailure;

/**
 * The options of a request as OpenAI names them, with its defaults; and under their own names the options that it does not
 * have and other servers of this interface take ({@code top_k}, {@code min_p}, {@code repeat_penalty}) or that are ours.
 */
final class OpenAiOptions {
    private static final ChatOptions DEFAULTS =
            ChatOptions.parse(Map.of("temperature", 1.0, "top_p", 1.0, "repeat_penalty", 1.0, "max_tokens", -1));
    private static final List<String> SAME_NAME = List.of(
            "temperature",
            "presence_penalty",
            "frequency_penalty",
            "seed",
            "stop",
            "logit_bias",
            "top_k",
            "min_p",
            "repeat_penalty",
            "draft_tokens",
            "keep_alive");

    private OpenAiOptions() {}

    /**
     * @param limits names of the field that limits the reply, the first one set winning
     * @param logprobs how many alternatives to report; −1 for no log-probabilities
     */
    static ChatOptions read(Body body, List<String> limits, int logprobs) {
        Long n = body.whole("n", 1, 128);
        if (n != null && n > 1) {
            throw HttpFailure.wrong("n", "n must be 1: send the request again for another reply");
        }
        Map<String, @Nullable Object> ours = new LinkedHashMap<>();
        for (String name : SAME_NAME) {
            ours.put(name, body.value(name));
        }
        if (body.value("stop") instanceof List<?> list && list.isEmpty()) {
            ours.remove("stop");
        }
        Object topP = body.value("top_p");
        // Zero keeps the likeliest token alone, as the least number over zero does.
        ours.put("top_p", topP instanceof Number p && p.doubleValue() == 0 ? (Object) 1e-9 : topP);
        for (String limit : limits) {
            Long tokens = body.whole(limit, 1, Integer.MAX_VALUE);
            if (tokens != null) {
                ours.put("max_tokens", tokens);
                break;
            }
        }
        ours.put("logprobs", (long) logprobs);
        ours.put("think", effort(body.string("reasoning_effort")));
        ours.put("format", format(body.object("response_format")));
        return DEFAULTS.with(ours, Set.of());
    }

    /** How much to think; null for the model's own way. */
    static @Nullable Object effort(@Nullable String effort) {
        return switch (effort) {
            case null -> null;
            case "none" -> false;
            case "minimal" -> "low";
            case "xhigh" -> "high";
            default -> effort;
        };
    }

    /** The format that {@code response_format} asks for, its schema in {@code json_schema} or beside it; null for text. */
    static @Nullable Object format(@Nullable Body given) {
        if (given == null) {
            return null;
        }
        String type = given.string("type", "");
        return switch (type) {
            case "text" -> null;
            case "json_object" -> "json";
            case "json_schema" -> {
                Body named = given.object("json_schema");
                Body schema = (named == null ? given : named).object("schema");
                yield schema == null ? "json" : schema.fields();
            }
            default ->
                throw HttpFailure.wrong(
                        given.at("type"), given.at("type") + " must be text, json_object or json_schema");
        };
    }

    /**
     * The tools that may be called, which {@code tool_choice} may switch off.
     *
     * @throws HttpFailure 400 where it wants a call for certain, which no model can be held to here
     */
    static List<ToolDefinition> tools(Body body) {
        List<ToolDefinition> tools = Tools.functions(body, "tools");
        Object choice = body.value("tool_choice");
        if (choice == null || choice.equals("auto")) {
            return tools;
        }
        if (choice.equals("none")) {
            return List.of();
        }
        throw HttpFailure.wrong("tool_choice", "tool_choice must be auto or none: a call cannot be forced");
    }
}
