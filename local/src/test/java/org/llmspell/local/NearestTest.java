package org.llmspell.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
    private static final List<String> KNOWN = List.of("temperature", "top_k", "top_p", "model", "max_tokens");

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "temprature, temperature",
                "tempeartuer, temperature",
                "TEMPERATURE, temperature",
                "temp, temperature",
                "topk, top_k",
                "modle, model",
                "maxtokens, max_tokens",
                "to, -",
                "frobnicate, -",
                "'', -"
            })
    void findsTypingMistakesAndNothingFarther(String given, String expected) {
        assertThat(Nearest.to(given, KNOWN).orElse(null)).isEqualTo(expected);
    }
}
