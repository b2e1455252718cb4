package org.llmspell.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.Options;
import org.llmspell.engine.SamplingOptions;

/** What a filter leaves is sampled as if the rest had never been likely, however little of the vocabulary is looked at. */
class FilteredSamplingTest {
    private static final int VOCABULARY = 200;

    /** Allows some tokens, and counts how often the whole vocabulary had to be looked at. */
    private record Filter(BitSet allowed, AtomicInteger masks) implements TokenFilter {
        @Override
        public boolean allows(int token) {
            return allowed.get(token);
        }

        @Override
        public boolean mask(float[] logits) {
            masks.incrementAndGet();
            for (int id = allowed.nextClearBit(0); id < logits.length; id = allowed.nextClearBit(id + 1)) {
                logits[id] = Float.NEGATIVE_INFINITY;
            }
            return !allowed.isEmpty();
        }
    }

    private static Filter allowing(long seed, double share) {
        Random random = new Random(seed);
        BitSet allowed = new BitSet();
        for (int id = 0; id < VOCABULARY; id++) {
            allowed.set(id, random.nextDouble() < share);
        }
        allowed.set(17);
        return new Filter(allowed, new AtomicInteger());
    }

    private static float[] logits(long seed) {
        Random random = new Random(seed);
        float[] logits = new float[VOCABULARY];
        for (int id = 0; id < VOCABULARY; id++) {
            logits[id] = (float) (2 * random.nextGaussian());
        }
        return logits;
    }

    private static MemorySegment segment(float[] logits) {
        MemorySegment segment = Arena.ofAuto().allocate(4L * logits.length);
        MemorySegment.copy(logits, 0, segment, ValueLayout.JAVA_FLOAT, 0, logits.length);
        return segment;
    }

    private static float[] masked(float[] logits, Filter filter) {
        float[] masked = logits.clone();
        for (int id = 0; id < masked.length; id++) {
            masked[id] = filter.allowed.get(id) ? masked[id] : -1e9f;
        }
        return masked;
    }

    private static SamplingOptions cuts(int topK, double topP, double minP, double typicalP, long seed) {
        return new SamplingOptions(
                1,
                topK,
                topP,
                minP,
                typicalP,
                1,
                0,
                0,
                0,
                java.util.OptionalLong.of(seed),
                java.util.List.of(),
                -1,
                -1,
                java.util.Map.of());
    }

    @ParameterizedTest
    @CsvSource({
        "0.9, 40, 0.9, 0, 1",
        "0.5, 5, 1, 0.1, 1",
        "0.05, 40, 0.9, 0, 1",
        "0.02, 3, 1, 0, 0.5",
        "0.5, 0, 0.7, 0, 1",
        "0.1, 0, 1, 0.05, 1",
        "0.5, 0, 1, 0, 0.6",
    })
    void withCutsTheSameRandomNumbersGiveTheTokensOfFullMasking(
            double share, int topK, double topP, double minP, double typicalP) {
        for (int seed = 0; seed < 300; seed++) {
            float[] logits = logits(seed);
            Filter filter = allowing(seed + 1000, share);
            SamplingOptions options = cuts(topK, topP, minP, typicalP, seed);
            int lazy = new Sampler(options, VOCABULARY)
                    .sample(segment(logits), 0, filter)
                    .id();
            int full = new Sampler(options, VOCABULARY)
                    .sample(segment(masked(logits, filter)), 0)
                    .id();
            assertThat(lazy).isEqualTo(full);
        }
    }

    @Test
    void greedyTakesTheLikeliestThatFits() {
        int looked = 0;
        for (int seed = 0; seed < 200; seed++) {
            float[] logits = logits(seed);
            Filter filter = allowing(seed, 0.5);
            int best = 17;
            for (int id = 0; id < VOCABULARY; id++) {
                best = filter.allowed.get(id) && logits[id] > logits[best] ? id : best;
            }
            assertThat(new Sampler(Options.greedy(1), VOCABULARY)
                            .sample(segment(logits), 0, filter)
                            .id())
                    .isEqualTo(best);
            looked += filter.masks.get();
        }
        assertThat(looked).as("the mask is computed only after a refusal").isBetween(50, 150);
    }

    @Test
    void withoutCutsEachTokenComesAsOftenAsUnderTheFullMask() {
        float[] logits = logits(4);
        Filter filter = allowing(4, 0.3);
        double total = 0;
        for (int id = 0; id < VOCABULARY; id++) {
            total += filter.allowed.get(id) ? Math.exp(logits[id]) : 0;
        }
        int draws = 60_000;
        int[] counts = new int[VOCABULARY];
        Sampler sampler = new Sampler(Options.random(1, -1), VOCABULARY);
        MemorySegment segment = segment(logits);
        for (int i = 0; i < draws; i++) {
            counts[sampler.sample(segment, 0, filter).id()]++;
        }
        assertThat(filter.masks.get()).isLessThan(draws).isPositive();
        double chiSquare = 0;
        int cells = 0;
        for (int id = 0; id < VOCABULARY; id++) {
            double expected = filter.allowed.get(id) ? draws * Math.exp(logits[id]) / total : 0;
            if (expected == 0) {
                assertThat(counts[id]).isZero();
            } else if (expected >= 5) {
                chiSquare += (counts[id] - expected) * (counts[id] - expected) / expected;
                cells++;
            }
        }
        // Mean: the number of cells; deviation √(2 · cells). The seed is fixed, so the figure is too.
        assertThat(cells).isGreaterThan(30);
        assertThat(chiSquare).isLessThan(cells + 4 * Math.sqrt(2.0 * cells));
    }

    @Test
    void nothingThatFitsIsAnError() {
        Filter none = new Filter(new BitSet(), new AtomicInteger());
        for (SamplingOptions options :
                new SamplingOptions[] {Options.greedy(1), Options.random(1, 1), cuts(5, 1, 0, 1, 1)}) {
            assertThatThrownBy(() -> new Sampler(options, VOCABULARY).sample(segment(logits(1)), 0, none))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("No token of the model's vocabulary fits the grammar");
        }
    }

    @Test
    void aTokenThatFitsAndCannotComeIsNoChoice() {
        float[] logits = logits(1);
        logits[17] = Float.NEGATIVE_INFINITY;
        BitSet one = new BitSet();
        one.set(17);
        assertThatThrownBy(() -> new Sampler(Options.greedy(1), VOCABULARY)
                        .sample(segment(logits), 0, new Filter(one, new AtomicInteger())))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("fits the grammar");
    }
}
