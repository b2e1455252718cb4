package org.llmspell.bench;

import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.llmspell.engine.ModelLease;

/**
 * Times passes that check guesses, of which a given share comes true. The tokens are random and nothing is chosen: what is timed is
 * the computing, as in {@code llmspell bench}. Used by one thread.
 */
final class GuessCost {
    private static final long SEED = 20_26;

    private final ModelLease.Passes passes;
    private final int passCount;
    private final int[] past;
    private final SplittableRandom random = new SplittableRandom(SEED);
    private final int vocabulary;

    /**
     * A measurement.
     *
     * @param passes with room for {@code depth} tokens and those of {@code passCount} whole guesses
     * @param vocabulary tokens that there are
     * @param depth tokens before what is timed
     * @param passCount passes that are timed together
     */
    GuessCost(ModelLease.Passes passes, int vocabulary, int depth, int passCount) {
        this.passes = passes;
        this.vocabulary = vocabulary;
        this.passCount = passCount;
        this.past = new SplittableRandom(SEED).ints(depth, 0, vocabulary).toArray();
    }

    /**
     * How fast a reply is made.
     *
     * @param guessed tokens guessed for each pass; 0 for none
     * @param share of them that come true, from 0 to 1, spread evenly over the passes
     * @return tokens per second, each pass having made one more than came true
     */
    double tokensPerSecond(int guessed, double share) {
        passes.begin(past);
        int[] accepted = accepted(guessed, share, passCount);
        int[] tokens = new int[1 + guessed];
        long start = System.nanoTime();
        for (int each : accepted) {
            for (int i = 0; i < tokens.length; i++) {
                tokens[i] = random.nextInt(vocabulary);
            }
            passes.check(tokens, 1 + each);
        }
        long nanos = System.nanoTime() - start;
        return (passCount + IntStream.of(accepted).sum()) * 1e9 / nanos;
    }

    /** How many come true in each of so many passes: whole numbers as near to the share, all in all, as can be. */
    static int[] accepted(int guessed, double share, int passes) {
        int[] accepted = new int[passes];
        long before = 0;
        for (int i = 0; i < passes; i++) {
            long all = Math.round(guessed * share * (i + 1));
            accepted[i] = (int) (all - before);
            before = all;
        }
        return accepted;
    }
}
