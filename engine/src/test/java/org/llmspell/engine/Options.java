package org.llmspell.engine;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** Sampling options for tests, one aspect changed at a time. */
public final class Options {
    private Options() {}

    /** Temperature 0, no cuts, no penalties. */
    public static SamplingOptions greedy(int maxTokens) {
        return new SamplingOptions(0, 0, 1, 0, 1, 1, 0, 0, 0, OptionalLong.empty(), List.of(), maxTokens, -1, Map.of());
    }

    /** Temperature 1, no cuts, no penalties. */
    public static SamplingOptions random(long seed, int maxTokens) {
        return new SamplingOptions(
                1, 0, 1, 0, 1, 1, 0, 0, 0, OptionalLong.of(seed), List.of(), maxTokens, -1, Map.of());
    }

    /** Temperature 1 with cuts; seed 1. */
    public static SamplingOptions cuts(int topK, double topP, double minP, double typicalP) {
        return new SamplingOptions(
                1, topK, topP, minP, typicalP, 1, 0, 0, 0, OptionalLong.of(1), List.of(), -1, -1, Map.of());
    }

    /** No cuts, no penalties; seed 1. */
    public static SamplingOptions temperature(double temperature) {
        return new SamplingOptions(
                temperature, 0, 1, 0, 1, 1, 0, 0, 0, OptionalLong.of(1), List.of(), -1, -1, Map.of());
    }

    /** Greedy with penalties. */
    public static SamplingOptions penalties(double repeat, int lastN, double presence, double frequency) {
        return new SamplingOptions(
                0, 0, 1, 0, 1, repeat, lastN, presence, frequency, OptionalLong.empty(), List.of(), -1, -1, Map.of());
    }

    public static SamplingOptions stop(SamplingOptions o, String... stop) {
        return new SamplingOptions(
                o.temperature(),
                o.topK(),
                o.topP(),
                o.minP(),
                o.typicalP(),
                o.repeatPenalty(),
                o.repeatLastN(),
                o.presencePenalty(),
                o.frequencyPenalty(),
                o.seed(),
                List.of(stop),
                o.maxTokens(),
                o.logprobs(),
                o.logitBias());
    }

    public static SamplingOptions logprobs(SamplingOptions o, int alternatives) {
        return new SamplingOptions(
                o.temperature(),
                o.topK(),
                o.topP(),
                o.minP(),
                o.typicalP(),
                o.repeatPenalty(),
                o.repeatLastN(),
                o.presencePenalty(),
                o.frequencyPenalty(),
                o.seed(),
                o.stop(),
                o.maxTokens(),
                alternatives,
                o.logitBias());
    }

    public static SamplingOptions bias(SamplingOptions o, Map<Integer, Double> bias) {
        return new SamplingOptions(
                o.temperature(),
                o.topK(),
                o.topP(),
                o.minP(),
                o.typicalP(),
                o.repeatPenalty(),
                o.repeatLastN(),
                o.presencePenalty(),
                o.frequencyPenalty(),
                o.seed(),
                o.stop(),
                o.maxTokens(),
                o.logprobs(),
                bias);
    }
}
