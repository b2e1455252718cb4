package org.llmspell.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeepAliveTextTest {
    @ParameterizedTest
    @CsvSource({
        "300, PT5M",
        "0, PT0S",
        "0s, PT0S",
        "5m, PT5M",
        "1h30m, PT1H30M",
        "1.5h, PT1H30M",
        "300ms, PT0.3S",
        ".5s, PT0.5S",
        "+10s, PT10S",
        "2us, PT0.000002S",
        "-1, PT-1S",
        "-5m, PT-1S"
    })
    void readsSecondsAndGoDurations(String text, Duration duration) {
        assertThat(KeepAliveText.parse(text)).contains(duration);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "m", "5x", "5m3", "m5", "1h 30m", "--5m", "1e3s", "NaN", "9999999999h", "٣m"})
    void refusesAllElse(String text) {
        assertThat(KeepAliveText.parse(text)).isEmpty();
    }

    @Test
    void writesWhatItReads() {
        for (String text : new String[] {"5m", "2h", "90s", "0s", "250ms", "-1s"}) {
            assertThat(KeepAliveText.show(KeepAliveText.parse(text).orElseThrow()))
                    .isEqualTo(text);
        }
    }
}
