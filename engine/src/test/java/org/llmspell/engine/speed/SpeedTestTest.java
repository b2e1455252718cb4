package org.llmspell.engine.speed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpeedTestTest {
    @ParameterizedTest
    @CsvSource({
        "pp512, PROMPT, 512, 0, pp512",
        "TG128, GENERATION, 128, 0, tg128",
        "' tg1@d2048', GENERATION, 1, 2048, tg1@d2048",
        "pp7@d0, PROMPT, 7, 0, pp7",
    })
    void aNameSaysKindTokensAndDepth(String text, SpeedTest.Kind kind, int tokens, int depth, String name) {
        assertThat(SpeedTest.named(text)).hasValueSatisfying(test -> {
            assertThat(test).isEqualTo(new SpeedTest(kind, tokens, depth));
            assertThat(test).hasToString(name);
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "pp", "pp0", "tg-1", "xx5", "pp512d", "pp5@d", "pp9999999", "pp5@d9999999", "pp99999999999"})
    void whatIsNoTestIsNone(String text) {
        assertThat(SpeedTest.named(text)).isEmpty();
    }

    @Test
    void theContextIsThatOfTheLongestTest() {
        assertThat(SpeedTest.contextLength(List.of(
                        SpeedTest.named("pp512").orElseThrow(),
                        SpeedTest.named("tg64@d1000").orElseThrow())))
                .isEqualTo(1064);
    }

    @Test
    void theMedianIsTheMiddleOneOrBetweenTheTwo() {
        SpeedTest test = SpeedTest.named("pp1").orElseThrow();
        SpeedSamples odd = new SpeedSamples(test, new double[] {9, 1, 4});
        SpeedSamples even = new SpeedSamples(test, new double[] {9, 1, 4, 6});

        assertThat(odd.median()).isEqualTo(4);
        assertThat(even.median()).isEqualTo(5);
        assertThat(odd.lowest()).isEqualTo(1);
        assertThat(odd.highest()).isEqualTo(9);
    }
}
