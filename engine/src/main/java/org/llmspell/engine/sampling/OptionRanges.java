package org.llmspell.engine.sampling;

import java.util.List;
import java.util.Map;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.SamplingOptions;

/** Refuses sampling options that are out of range, naming the option, its value and the range. */
final class OptionRanges {
    private OptionRanges() {}

    static void check(SamplingOptions o, int vocabulary) {
        require(o.temperature() >= 0 && o.temperature() <= 2, "temperature", o.temperature(), "0 to 2");
        require(o.topK() >= 0, "top_k", o.topK(), "0 or more");
        require(o.topP() > 0 && o.topP() <= 1, "top_p", o.topP(), "over 0, at most 1");
        require(o.minP() >= 0 && o.minP() <= 1, "min_p", o.minP(), "0 to 1");
        require(o.typicalP() > 0 && o.typicalP() <= 1, "typical_p", o.typicalP(), "over 0, at most 1");
        require(
                o.repeatPenalty() > 0 && o.repeatPenalty() <= Float.MAX_VALUE,
                "repeat_penalty",
                o.repeatPenalty(),
                "over 0");
        require(o.repeatLastN() >= -1, "repeat_last_n", o.repeatLastN(), "-1 or more");
        require(Math.abs(o.presencePenalty()) <= 2, "presence_penalty", o.presencePenalty(), "-2 to 2");
        require(Math.abs(o.frequencyPenalty()) <= 2, "frequency_penalty", o.frequencyPenalty(), "-2 to 2");
        require(o.maxTokens() >= -1, "max_tokens", o.maxTokens(), "-1 or more");
        require(o.logprobs() >= -1 && o.logprobs() <= 20, "logprobs", o.logprobs(), "-1 to 20");
        for (String stop : o.stop()) {
            require(!stop.isEmpty(), "stop", "\"\"", "texts that are not empty");
        }
        for (Map.Entry<Integer, Double> bias : o.logitBias().entrySet()) {
            int id = bias.getKey();
            require(id >= 0 && id < vocabulary, "logit_bias token", id, "0 to " + (vocabulary - 1));
            require(Math.abs(bias.getValue()) <= 1e6, "logit_bias", bias.getValue(), "-1000000 to 1000000");
        }
    }

    private static void require(boolean holds, String option, Object value, String range) {
        if (!holds) {
            throw new EngineException(
                    Problem.INVALID_OPTION, option + " is " + value + "; allowed: " + range, List.of());
        }
    }
}
