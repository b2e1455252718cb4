package org.llmspell.bench;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.Generation;
import org.llmspell.engine.ModelLease;
import org.llmspell.engine.SamplingOptions;

/** Times a model's reply to one prompt, with guesses or without: the same text each time, since nothing is left to chance. */
final class GuessedReply {
    private final ModelLease model;
    private final int[] prompt;
    private final SamplingOptions sampling;
    private final int contextLength;

    /**
     * A prompt.
     *
     * @param text of a user; the model's chat template is applied
     * @param mostTokens of the reply
     */
    GuessedReply(ModelLease model, String text, int mostTokens) {
        this.model = model;
        this.prompt = model.promptTokens(List.of(ChatMessage.user(text)), false);
        this.sampling = new SamplingOptions(
                0, 0, 1, 0, 1, 1, 0, 0, 0, OptionalLong.empty(), List.of(), mostTokens, -1, Map.of());
        this.contextLength = prompt.length + mostTokens;
    }

    /**
     * What one reply took.
     *
     * @param tokensPerSecond from the first token on
     * @param guessed tokens guessed in all, of which {@code came} came true
     */
    record Taken(int tokens, double tokensPerSecond, int guessed, int came) {}

    int promptTokens() {
        return prompt.length;
    }

    /**
     * Has the reply made.
     *
     * @param guesses tokens guessed for a pass, at most; 0 for none
     * @throws BenchException if the reply has but one token
     */
    Taken measure(int guesses) throws InterruptedException {
        try (Generation generation = model.generate(prompt, sampling, contextLength, null, Set.of(), guesses)) {
            while (generation.next() != null) {
                // only how long it takes is of interest
            }
            Generation.Summary summary = generation.summary();
            int timed = summary.generatedTokens() - 1;
            if (timed < 1 || summary.finishReason() == FinishReason.CANCELLED) {
                throw new BenchException("the reply has too few tokens to be timed");
            }
            long nanos = summary.totalTime().minus(summary.timeToFirstToken()).toNanos();
            return new Taken(
                    summary.generatedTokens(), timed * 1e9 / nanos, summary.draftedTokens(), summary.acceptedTokens());
        }
    }
}
