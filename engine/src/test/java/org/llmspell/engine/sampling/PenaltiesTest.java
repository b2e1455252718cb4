package org.llmspell.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.llmspell.engine.Options;

class PenaltiesTest {
    private static float[] apply(double repeat, int lastN, double presence, double frequency, int... tokens) {
        Penalties penalties = new Penalties(Options.penalties(repeat, lastN, presence, frequency), 4);
        for (int token : tokens) {
            penalties.accept(token);
        }
        float[] logits = {2, -2, 1, 3};
        penalties.apply(logits);
        return logits;
    }

    @Test
    void repeatPenaltyDividesPositiveAndMultipliesNegativeLogitsOnceHoweverOftenATokenCame() {
        assertThat(apply(2, 64, 0, 0, 0, 1, 0)).containsExactly(1, -4, 1, 3);
    }

    @Test
    void presenceIsSubtractedOnceAndFrequencyPerOccurrence() {
        assertThat(apply(1, 64, 0.5, 0, 0, 0, 3)).containsExactly(1.5f, -2, 1, 2.5f);
        assertThat(apply(1, 64, 0, 0.5, 0, 0, 3)).containsExactly(1, -2, 1, 2.5f);
    }

    @Test
    void theRepeatPenaltyComesBeforeTheOtherTwo() {
        // 2 / 2 − 2 · 0.25 − 0.5
        assertThat(apply(2, 64, 0.5, 0.25, 0, 0)).containsExactly(0, -2, 1, 3);
    }

    @Test
    void onlyTheLastNTokensCount() {
        assertThat(apply(1, 2, 1, 0, 0, 1, 2)).containsExactly(2, -3, 0, 3);
        assertThat(apply(1, 2, 0, 1, 0, 0, 0)).containsExactly(0, -2, 1, 3);
    }

    @Test
    void zeroLooksAtNothingAndMinusOneAtEverything() {
        assertThat(apply(2, 0, 1, 1, 0, 1, 2, 3)).containsExactly(2, -2, 1, 3);
        int[] many = new int[1000];
        many[0] = 3;
        assertThat(apply(1, -1, 1, 0, many)).containsExactly(1, -2, 1, 2);
    }

    @Test
    void applyingTwiceGivesTheSame() {
        Penalties penalties = new Penalties(Options.penalties(1, 64, 0, 1), 2);
        penalties.accept(0);
        penalties.accept(0);
        float[] first = {5, 5};
        penalties.apply(first);
        float[] second = {5, 5};
        penalties.apply(second);
        assertThat(first).containsExactly(3, 5);
        assertThat(second).containsExactly(3, 5);
    }
}
