package org.llmspell.engine.score;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.ModelLease;
import org.llmspell.engine.tokenizer.SpecialTokens;

/**
 * The perplexity of a text: e to the mean of −log p over its tokens, by windows as llama.cpp's tool of that name computes
 * it, so that figures compare. Each window begins with BOS in place of its first token, where the model wants one, and its
 * first half only gives the second half something to go on. With a stride, windows overlap and only the last {@code stride}
 * tokens of each count.
 */
public final class Perplexity {
    /** As llama.cpp has it. */
    public static final int CONTEXT_LENGTH = 512;

    /** Tokens of a pass: enough to reuse each weight many times. */
    public static final int BATCH = 256;

    private static final int LEAST_CONTEXT = 4;

    /**
     * How to go through a text.
     *
     * @param contextLength tokens of a window, at least 4
     * @param stride tokens from one window to the next, less than a window; 0 for windows side by side
     * @param batch tokens computed in one pass, at least 1
     * @param chunks windows to compute at most; 0 for all
     */
    public record Options(int contextLength, int stride, int batch, int chunks) {
        /** @throws EngineException of kind {@code INVALID_OPTION} if a number is out of range */
        public Options {
            require(contextLength >= LEAST_CONTEXT, "context length", contextLength, LEAST_CONTEXT + " or more");
            require(
                    stride >= 0 && stride < contextLength,
                    "stride",
                    stride,
                    "0 to " + (contextLength - 1) + ", less than the context length");
            require(batch >= 1 && batch <= 4096, "batch", batch, "1 to 4096");
            require(chunks >= 0, "number of chunks", chunks, "0 or more");
        }

        private static void require(boolean holds, String option, int value, String range) {
            if (!holds) {
                throw new EngineException(
                        Problem.INVALID_OPTION, "The " + option + " is " + value + "; allowed: " + range, List.of());
            }
        }

        /** The first token of a window that counts. */
        int firstCounted() {
            return stride == 0 ? contextLength / 2 + 1 : contextLength - stride;
        }

        /** How many windows a text of {@code tokens} has. */
        int windows(int tokens) {
            int all = stride == 0 ? tokens / contextLength : Math.ceilDiv(tokens - contextLength, stride);
            return chunks == 0 ? Math.max(1, all) : Math.clamp(all, 1, chunks);
        }
    }

    /**
     * A window that has been computed.
     *
     * @param number from 1
     * @param start its first token's place in the text
     * @param firstCounted the first counted token's place in the text; the others follow
     * @param ids of the counted tokens
     * @param logProbabilities of the counted tokens, natural logarithms
     * @param soFar what all windows up to this one give
     */
    // Windows are handed on and never compared; a text has many tokens.
    @SuppressWarnings("ArrayRecordComponent")
    public record Window(
            int number, int start, int firstCounted, int[] ids, double[] logProbabilities, Estimate soFar) {}

    /**
     * A perplexity.
     *
     * @param tokens that it is the mean over
     * @param perplexity e to the mean of −log p
     * @param error the standard error of that
     */
    public record Estimate(long tokens, double perplexity, double error) {}

    private long count;
    private double sum;
    private double squares;

    private Perplexity() {}

    /**
     * Computes the perplexity of {@code tokens}. Interrupting the thread cancels it.
     *
     * @param tokens of the text, BOS included where the model wants one
     * @param whenDone told of each window, in order, on this thread
     * @throws EngineException of kind {@code INVALID_OPTION} if the text is too short, {@code CONTEXT_EXCEEDED} if a window is
     *     longer than the model's context
     * @throws java.util.concurrent.CancellationException if it was cancelled
     */
    public static Estimate of(ModelLease model, int[] tokens, Options options, Consumer<Window> whenDone) {
        if (options.contextLength > model.trainedContextLength()) {
            throw new EngineException(
                    Problem.CONTEXT_EXCEEDED,
                    "A window of %d tokens is longer than the model's context of %d"
                            .formatted(options.contextLength, model.trainedContextLength()),
                    List.of("Use a context length of at most " + model.trainedContextLength()));
        }
        if (tokens.length < 2L * options.contextLength) {
            throw new EngineException(
                    Problem.INVALID_OPTION,
                    "The text has %d tokens; with windows of %d it needs at least %d"
                            .formatted(tokens.length, options.contextLength, 2L * options.contextLength),
                    List.of("Use a longer text", "Use a shorter context length"));
        }
        return new Perplexity().run(model, tokens, options, whenDone);
    }

    private Estimate run(ModelLease model, int[] tokens, Options options, Consumer<Window> whenDone) {
        int windows = options.windows(tokens.length);
        int step = options.stride == 0 ? options.contextLength : options.stride;
        int together = Math.max(1, options.batch / options.contextLength);
        int from = options.firstCounted();
        try (ModelLease.Scoring scoring = model.scoring(together, options.contextLength, options.batch)) {
            for (int first = 0; first < windows; first += together) {
                List<int[]> texts = new ArrayList<>();
                for (int i = first; i < Math.min(windows, first + together); i++) {
                    texts.add(window(model, tokens, i * step, options.contextLength));
                }
                double[][] scores = scoring.logProbabilities(texts, from);
                for (int i = 0; i < scores.length; i++) {
                    int start = (first + i) * step;
                    int[] ids = Arrays.copyOfRange(tokens, start + from, start + options.contextLength);
                    add(scores[i]);
                    whenDone.accept(new Window(first + i + 1, start, start + from, ids, scores[i], estimate()));
                }
            }
        }
        return estimate();
    }

    private static int[] window(ModelLease model, int[] tokens, int start, int length) {
        int[] window = Arrays.copyOfRange(tokens, start, start + length);
        SpecialTokens special = model.tokenizer().specialTokens();
        if (special.addBos() && special.bos() >= 0) {
            window[0] = special.bos();
        }
        return window;
    }

    private void add(double[] logProbabilities) {
        for (double logProbability : logProbabilities) {
            sum -= logProbability;
            squares += logProbability * logProbability;
            count++;
        }
    }

    private Estimate estimate() {
        double mean = sum / count;
        double variance = Math.max(0, squares / count - mean * mean);
        double perplexity = Math.exp(mean);
        return new Estimate(count, perplexity, count < 2 ? 0 : perplexity * Math.sqrt(variance / (count - 1)));
    }
}
