package org.llmspell.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class StopFilterTest {
    private static String shown(List<String> stops, String... pieces) {
        StopFilter filter = new StopFilter(stops);
        StringBuilder text = new StringBuilder();
        for (String piece : pieces) {
            text.append(filter.next(piece)).append('|');
        }
        return text.append(filter.finish()).toString();
    }

    @Test
    void textWithoutStopStringsPassesAtOnce() {
        assertThat(shown(List.of(), "a", "b")).isEqualTo("a|b|");
        assertThat(shown(List.of("xyz"), "a", "b")).isEqualTo("a|b|");
    }

    @Test
    void nothingOfAStopStringIsShownAlsoAcrossPieces() {
        assertThat(shown(List.of("</s>"), "one</", "s", ">two")).isEqualTo("one|||");
    }

    @Test
    void aBeginningThatComesToNothingIsShownLater() {
        assertThat(shown(List.of("</s>"), "one</", "p>")).isEqualTo("one|</p>|");
        assertThat(shown(List.of("</s>"), "one</")).isEqualTo("one|</");
    }

    @Test
    void theFirstOfSeveralStopStringsWins() {
        assertThat(shown(List.of("cd", "b"), "abcd")).isEqualTo("a|");
    }

    @Test
    void aRepeatedBeginningIsHeldBackInFull() {
        assertThat(shown(List.of("aab"), "aa", "a", "b!")).isEqualTo("|a||");
    }

    @Test
    void itSaysThatItStopped() {
        StopFilter filter = new StopFilter(List.of("x"));
        filter.next("y");
        assertThat(filter.stopped()).isFalse();
        filter.next("zx");
        assertThat(filter.stopped()).isTrue();
        assertThat(filter.finish()).isEmpty();
    }
}
