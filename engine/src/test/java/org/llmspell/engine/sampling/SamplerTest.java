package org.llmspell.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.Options;
import org.llmspell.engine.SamplingOptions;

class SamplerTest {
    /** Probabilities .5, .25, .125, .0625, .0625 at ids 3, 1, 4, 0, 2. */
    private static final float[] HALVING = {ln(.0625), ln(.25), ln(.0625), ln(.5), ln(.125)};

    private static float ln(double probability) {
        return (float) Math.log(probability);
    }

    private static int sample(SamplingOptions options, float... logits) {
        return new Sampler(options, logits.length)
                .sample(MemorySegment.ofArray(logits), 0)
                .id();
    }

    private static Set<Integer> drawn(SamplingOptions options, float... logits) {
        Sampler sampler = new Sampler(options, logits.length);
        Set<Integer> ids = new TreeSet<>();
        for (int i = 0; i < 2000; i++) {
            ids.add(sampler.sample(MemorySegment.ofArray(logits), 0).id());
        }
        return ids;
    }

    @Test
    void temperatureZeroTakesTheLargestLogitAndTheLowestIdOnTies() {
        assertThat(sample(Options.greedy(1), 0, 3, 1, 3)).isEqualTo(1);
        assertThat(sample(Options.greedy(1), -5, -4, Float.NEGATIVE_INFINITY)).isEqualTo(1);
    }

    @Test
    void topKKeepsTheKLikeliest() {
        assertThat(drawn(Options.cuts(1, 1, 0, 1), HALVING)).containsExactly(3);
        assertThat(drawn(Options.cuts(3, 1, 0, 1), HALVING)).containsExactly(1, 3, 4);
        assertThat(drawn(Options.cuts(0, 1, 0, 1), HALVING)).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void topPKeepsTheSmallestSetThatReachesP() {
        assertThat(drawn(Options.cuts(0, 0.49, 0, 1), HALVING)).containsExactly(3);
        assertThat(drawn(Options.cuts(0, 0.51, 0, 1), HALVING)).containsExactly(1, 3);
        assertThat(drawn(Options.cuts(0, 0.76, 0, 1), HALVING)).containsExactly(1, 3, 4);
    }

    @Test
    void minPKeepsTokensAtLeastThatFractionAsLikelyAsTheLikeliest() {
        assertThat(drawn(Options.cuts(0, 1, 0.4, 1), HALVING)).containsExactly(1, 3);
        assertThat(drawn(Options.cuts(0, 1, 0.2, 1), HALVING)).containsExactly(1, 3, 4);
    }

    @Test
    void typicalPPrefersTokensNearTheExpectedSurprise() {
        // Entropy: .5·1 + .25·2 + .125·3 + 2·.0625·4 = 1.875 bits, so the token of 2 bits (id 1) is the most typical.
        assertThat(drawn(Options.cuts(0, 1, 0, 0.2), HALVING)).containsExactly(1);
        assertThat(drawn(Options.cuts(0, 1, 0, 0.7), HALVING)).containsExactly(1, 3);
    }

    @Test
    void cutsFarDownALongTailAreExact() {
        // 100,000 tokens, all about as likely: top_p 0.5 keeps half of them, far beyond the first candidates.
        float[] flat = new float[100_000];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = -i * 1e-9f;
        }
        Sampler sampler = new Sampler(Options.cuts(0, 0.5, 0, 1), flat.length);
        int highest = 0;
        for (int i = 0; i < 40; i++) {
            highest = Math.max(
                    highest, sampler.sample(MemorySegment.ofArray(flat), 0).id());
        }
        assertThat(highest).isBetween(30_000, 50_001);
    }

    @Test
    void drawsFollowTheProbabilities() {
        Sampler sampler = new Sampler(Options.random(7, -1), HALVING.length);
        Map<Integer, Integer> counts = new TreeMap<>();
        int draws = 40_000;
        for (int i = 0; i < draws; i++) {
            counts.merge(sampler.sample(MemorySegment.ofArray(HALVING), 0).id(), 1, Integer::sum);
        }
        // Five standard deviations of a binomial count.
        for (int id = 0; id < HALVING.length; id++) {
            double p = Math.exp(HALVING[id]);
            double deviation = Math.sqrt(draws * p * (1 - p));
            assertThat((double) counts.get(id)).isCloseTo(draws * p, within(5 * deviation));
        }
    }

    @Test
    void temperatureSharpensAndFlattens() {
        SamplingOptions cold = Options.temperature(0.01);
        assertThat(drawn(cold, HALVING)).containsExactly(3);
        // At temperature 2 a ratio of 2 becomes √2.
        Sampler sampler = new Sampler(Options.temperature(2), 2);
        int first = 0;
        for (int i = 0; i < 20_000; i++) {
            first += sampler.sample(MemorySegment.ofArray(new float[] {ln(.5), ln(.25)}), 0)
                                    .id()
                            == 0
                    ? 1
                    : 0;
        }
        assertThat(first / 20_000.0).isCloseTo(Math.sqrt(2) / (1 + Math.sqrt(2)), within(0.02));
    }

    @Test
    void aSeedGivesTheSameChoicesAgainAndAnotherSeedOthers() {
        float[] logits = new float[1000];
        List<Integer> first = draws(Options.random(42, -1), logits);
        assertThat(draws(Options.random(42, -1), logits)).isEqualTo(first);
        assertThat(draws(Options.random(43, -1), logits)).isNotEqualTo(first);
    }

    private static List<Integer> draws(SamplingOptions options, float[] logits) {
        Sampler sampler = new Sampler(options, logits.length);
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            ids.add(sampler.sample(MemorySegment.ofArray(logits), 0).id());
        }
        return ids;
    }

    @Test
    void logitBiasIsAdded() {
        assertThat(sample(Options.bias(Options.greedy(1), Map.of(2, 1.5)), 1, 2, 1))
                .isEqualTo(2);
        assertThat(sample(Options.bias(Options.greedy(1), Map.of(1, -1.5)), 1, 2, 1))
                .isZero();
    }

    @Test
    void logprobsAreThoseOfTheModelBeforeBiasAndPenalties() {
        SamplingOptions options = Options.logprobs(Options.bias(Options.greedy(1), Map.of(3, -9.0)), 2);
        Sampler.Choice choice = new Sampler(options, HALVING.length).sample(MemorySegment.ofArray(HALVING), 0);
        assertThat(choice.id()).isEqualTo(1);
        assertThat(choice.logprob()).isCloseTo(Math.log(.25), within(1e-6));
        assertThat(choice.alternatives()).extracting(Sampler.Likelihood::id).containsExactly(3, 1);
        assertThat(choice.alternatives().getFirst().logprob()).isCloseTo(Math.log(.5), within(1e-6));
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void logitsThatAreNoNumbersAreAnError(float value) {
        assertThatThrownBy(() -> sample(Options.random(1, 1), 0, value, 0))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.BROKEN_MODEL))
                .hasMessageContaining("NaN");
    }

    @Test
    void noPossibleTokenIsAnError() {
        assertThatThrownBy(() -> sample(Options.random(1, 1), Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY))
                .isInstanceOf(EngineException.class);
    }

    @Test
    void optionsOutOfRangeAreNamed() {
        assertThatThrownBy(() -> new Sampler(Options.cuts(-1, 1, 0, 1), 4)).hasMessageContaining("top_k");
        assertThatThrownBy(() -> new Sampler(Options.cuts(0, 0, 0, 1), 4)).hasMessageContaining("top_p");
        assertThatThrownBy(() -> new Sampler(Options.cuts(0, 1, 1.1, 1), 4)).hasMessageContaining("min_p");
        assertThatThrownBy(() -> new Sampler(Options.cuts(0, 1, 0, Double.NaN), 4))
                .hasMessageContaining("typical_p");
        assertThatThrownBy(() -> new Sampler(Options.temperature(-0.1), 4)).hasMessageContaining("temperature");
        assertThatThrownBy(() -> new Sampler(Options.penalties(0, 64, 0, 0), 4)).hasMessageContaining("repeat_penalty");
        assertThatThrownBy(() -> new Sampler(Options.penalties(1, -2, 0, 0), 4)).hasMessageContaining("repeat_last_n");
        assertThatThrownBy(() -> new Sampler(Options.penalties(1, 1, 3, 0), 4)).hasMessageContaining("presence");
        assertThatThrownBy(() -> new Sampler(Options.stop(Options.greedy(1), ""), 4))
                .hasMessageContaining("stop");
        assertThatThrownBy(() -> new Sampler(Options.logprobs(Options.greedy(1), 21), 4))
                .hasMessageContaining("logprobs");
        assertThatThrownBy(() -> new Sampler(Options.bias(Options.greedy(1), Map.of(4, 1.0)), 4))
                .hasMessageContaining("logit_bias");
    }

    @Test
    void partialSelectionAgreesWithAFullSort() {
        Random random = new Random(5);
        float[] values = new float[3000];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(500); // many ties
        }
        Integer[] sorted = new Integer[values.length];
        Arrays.setAll(sorted, i -> i);
        Arrays.sort(sorted, (a, b) -> values[a] != values[b] ? Float.compare(values[b], values[a]) : a - b);
        TopSelection selection = new TopSelection();
        for (int count : new int[] {0, 1, 2, 7, 100, 2999, 3000, 4000}) {
            selection.select(values, values.length, count);
            int[] ids = new int[selection.size()];
            Arrays.setAll(ids, selection::id);
            int[] expected = new int[Math.min(count, values.length)];
            Arrays.setAll(expected, i -> sorted[i]);
            assertThat(ids).isEqualTo(expected);
        }
    }
}
