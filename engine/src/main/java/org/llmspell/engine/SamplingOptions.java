package org.llmspell.engine;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * How the next token is chosen; the same options, names and defaults on every backend. Immutable.
 *
 * @param temperature 0 (greedy) to 2; divides the logits
 * @param topK keep the K likeliest tokens; 0 keeps all
 * @param topP keep the smallest set of tokens whose probabilities reach P; (0, 1], 1 keeps all
 * @param minP keep tokens at least P times as likely as the likeliest; [0, 1], 0 keeps all
 * @param typicalP keep the tokens nearest to the expected surprise, up to mass P; (0, 1], 1 keeps all
 * @param repeatPenalty divides positive and multiplies negative logits of recent tokens; over 0, 1 is off
 * @param repeatLastN how many recent tokens (prompt included) the penalties look at; 0 none, −1 the whole context
 * @param presencePenalty subtracted once from the logit of each recent token; −2 to 2
 * @param frequencyPenalty subtracted from a recent token's logit once per occurrence; −2 to 2
 * @param seed of the random numbers; empty for a fresh one each time
 * @param stop texts that end the generation and are not part of it
 * @param maxTokens the most tokens to generate; −1 for as many as the context holds
 * @param logprobs how many alternatives to report per token with their log-probabilities; −1 reports none, 0 the chosen
 *     token's alone, at most 20
 * @param logitBias added to the logits of the given token ids
 */
public record SamplingOptions(
        double temperature,
        int topK,
        double topP,
        double minP,
        double typicalP,
        double repeatPenalty,
        int repeatLastN,
        double presencePenalty,
        double frequencyPenalty,
        OptionalLong seed,
        List<String> stop,
        int maxTokens,
        int logprobs,
        Map<Integer, Double> logitBias) {

    /** Temperature 0.7, top_p 0.9, top_k 40, repeat_penalty 1.1 over 64 tokens, max_tokens 512. */
    public static final SamplingOptions DEFAULTS =
            new SamplingOptions(0.7, 40, 0.9, 0, 1, 1.1, 64, 0, 0, OptionalLong.empty(), List.of(), 512, -1, Map.of());

    public SamplingOptions {
        stop = List.copyOf(stop);
        logitBias = Map.copyOf(logitBias);
    }
}
