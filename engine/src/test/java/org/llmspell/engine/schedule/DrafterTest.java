package org.llmspell.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DrafterTest {
    private final Drafter drafter = new Drafter(8);

    private static int[] draft(Drafter drafter, int room, int... text) {
        int[] tokens = Arrays.copyOf(text, text.length + 20);
        int count = drafter.draft(tokens, text.length, room);
        return Arrays.copyOfRange(tokens, text.length, text.length + count);
    }

    @Test
    void whatFollowedTheLastTokensBeforeIsTheGuess() {
        assertThat(draft(drafter, 20, 1, 2, 3, 4, 5, 9, 1, 2)).containsExactly(3, 4, 5);
        assertThat(draft(drafter, 2, 1, 2, 3, 4, 5, 9, 1, 2)).containsExactly(3, 4);
    }

    @Test
    void theLongestMatchCountsAndThenTheLatest() {
        assertThat(draft(drafter, 1, 7, 1, 2, 3, 8, 1, 2, 4, 7, 1, 2)).containsExactly(3);
        assertThat(draft(drafter, 1, 1, 2, 3, 8, 1, 2, 4, 9, 1, 2)).containsExactly(4);
    }

    @Test
    void oneTokenAloneIsNoMatch() {
        assertThat(draft(drafter, 8, 1, 2, 3, 4, 2)).isEmpty();
        assertThat(draft(drafter, 8, 1)).isEmpty();
        assertThat(draft(drafter, 8, 1, 1)).isEmpty();
    }

    @Test
    void aRepetitionGoesOnInTheGuess() {
        assertThat(draft(drafter, 8, 5, 6, 5, 6)).containsExactly(5, 6, 5);
        assertThat(draft(drafter, 8, 4, 4, 4)).containsExactly(4, 4, 4);
    }

    @Test
    void guessesGrowWithSuccessUpToTheMostAndShrinkToWhatHeld() {
        int[] text = {1, 2, 3, 1, 2, 3, 1, 2, 3};
        assertThat(draft(drafter, 20, text)).hasSize(3);
        drafter.checked(3, 3);
        assertThat(draft(drafter, 20, text)).hasSize(6);
        drafter.checked(6, 6);
        assertThat(draft(drafter, 20, text)).hasSize(8);
        drafter.checked(8, 2);
        assertThat(draft(drafter, 20, text)).hasSize(2);
    }

    @Test
    void afterFailuresItPausesLongerAndLonger() {
        int[] text = {1, 2, 3, 1, 2, 3, 1, 2, 3};
        for (int pause = 1; pause <= 32; pause *= 2) {
            assertThat(draft(drafter, 20, text)).isNotEmpty();
            drafter.checked(1, 0);
            for (int i = 0; i < pause; i++) {
                assertThat(draft(drafter, 20, text)).isEmpty();
            }
        }
        assertThat(draft(drafter, 20, text)).hasSize(1);
        drafter.checked(1, 1);
        assertThat(draft(drafter, 20, text)).hasSize(2);
    }

    @Test
    void noneAreGuessedWhereNoneAreWanted() {
        assertThat(draft(new Drafter(0), 20, 1, 2, 1, 2)).isEmpty();
        assertThat(draft(drafter, 0, 1, 2, 1, 2)).isEmpty();
    }
}
