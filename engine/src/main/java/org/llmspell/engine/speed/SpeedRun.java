package org.llmspell.engine.speed;

import java.util.SplittableRandom;
import org.llmspell.engine.ModelLease;

/**
 * Times tests on one model, the way llama-bench does: random tokens, no sampling, a prompt in as large passes as the engine
 * makes, a reply token by token, each with logits for the last token only. Loading, the depth and {@link #warmUp} are not in
 * the time. Used by one thread; interrupting it cancels.
 */
public final class SpeedRun implements AutoCloseable {
    private static final long SEED = 20_24;

    private final ModelLease.Passes passes;
    private final int vocabulary;
    // The tokens that a test begins with are always the same, so that they are computed once; what is timed never
    // repeats.
    private final SplittableRandom random = new SplittableRandom(SEED);

    /**
     * Makes room for sequences.
     *
     * @param contextLength of the longest test, {@link SpeedTest#contextLength}
     * @throws org.llmspell.engine.EngineException of kind {@code OUT_OF_MEMORY} if there is none
     */
    public SpeedRun(ModelLease model, int contextLength) {
        vocabulary = model.tokenizer().vocabularySize();
        passes = model.passes(contextLength);
    }

    /** Does once what {@code test} does, and some of it only: a prompt whole, one token of a reply, as llama-bench does. */
    public void warmUp(SpeedTest test) {
        passes.begin(new int[0]);
        passes.compute(tokens(random, test.kind() == SpeedTest.Kind.PROMPT ? test.tokens() : 1));
    }

    /**
     * Runs a test once.
     *
     * @return tokens per second
     * @throws java.util.concurrent.CancellationException if it was cancelled
     */
    public double measure(SpeedTest test) {
        passes.begin(tokens(new SplittableRandom(SEED), test.depth()));
        int[] tokens = tokens(random, test.tokens());
        int[] one = new int[1];
        long start = System.nanoTime();
        switch (test.kind()) {
            case PROMPT -> passes.compute(tokens);
            case GENERATION -> {
                for (int token : tokens) {
                    one[0] = token;
                    passes.compute(one);
                }
            }
        }
        return tokens.length * 1e9 / (System.nanoTime() - start);
    }

    private int[] tokens(SplittableRandom source, int count) {
        return source.ints(count, 0, vocabulary).toArray();
    }

    @Override
    public void close() {
        passes.close();
    }
}
