package org.llmspell.local.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.llmspell.local.ChatChunk.TokenLogprob;
import org.llmspell.local.json.JsonFields;

/** Log-probabilities as both routes write them: a list of tokens for chats, lists side by side for raw text. */
final class OpenAiLogprobs {
    private OpenAiLogprobs() {}

    /** The tokens of one piece; ids are −1, since the interface has none. */
    static List<TokenLogprob> read(Map<?, ?> logprobs) {
        return logprobs.get("tokens") instanceof List<?> tokens
                ? sideBySide(tokens, logprobs)
                : entries(logprobs, "content");
    }

    private static List<TokenLogprob> entries(Map<?, ?> object, String key) {
        List<TokenLogprob> tokens = new ArrayList<>();
        for (Map<?, ?> entry : JsonFields.objects(object, key)) {
            String token = JsonFields.string(entry, "token");
            if (entry.get("logprob") instanceof Number logprob) {
                tokens.add(new TokenLogprob(
                        token == null ? "" : token, -1, logprob.doubleValue(), entries(entry, "top_logprobs")));
            }
        }
        return List.copyOf(tokens);
    }

    private static List<TokenLogprob> sideBySide(List<?> tokens, Map<?, ?> logprobs) {
        List<TokenLogprob> read = new ArrayList<>();
        for (int i = 0; i < tokens.size(); i++) {
            if (at(logprobs, "token_logprobs", i) instanceof Number logprob) {
                List<TokenLogprob> alternatives = new ArrayList<>();
                if (at(logprobs, "top_logprobs", i) instanceof Map<?, ?> top) {
                    top.forEach((token, value) -> {
                        if (value instanceof Number number) {
                            alternatives.add(
                                    new TokenLogprob(String.valueOf(token), -1, number.doubleValue(), List.of()));
                        }
                    });
                }
                read.add(new TokenLogprob(String.valueOf(tokens.get(i)), -1, logprob.doubleValue(), alternatives));
            }
        }
        return List.copyOf(read);
    }

    private static Object at(Map<?, ?> logprobs, String key, int index) {
        return logprobs.get(key) instanceof List<?> list && index < list.size() && list.get(index) != null
                ? list.get(index)
                : "";
    }
}
