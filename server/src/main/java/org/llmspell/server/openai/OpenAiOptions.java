package org.llmspell.server.openai;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.ChatOptions;
import org.llmspell.server.api.Body;
import org.llmspell.server.http.HttpFailure;

/**
 * The options of a request as OpenAI names them, with its defaults; and under their own names the options that it does not
 * have and other servers of this interface take ({@code top_k}, {@code min_p}, {@code repeat_penalty}).
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
        return DEFAULTS.with(ours, Set.of());
    }
}
