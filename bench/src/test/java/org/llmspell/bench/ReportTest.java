package org.llmspell.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final Report.Model MEASURED = new Report.Model(
            "tinyllama-1.1b Q4_K_M",
            List.of(
                    Figures.moreIsBetter("pp512", "tokens/s", 300, 200),
                    Figures.lessIsBetter("startup", "s", 0.5, 1.25)),
            new Comparison.Result("ours", "theirs", List.of(), 26.04, OptionalDouble.of(0.7512)));

    @Test
    void oneModelIsOneDocumentOfTheAgreedForm() {
        assertThat(Report.json(List.of(MEASURED)))
                .isEqualTo("{\"results\":[{\"test\":\"pp512\",\"ours\":300.0,\"theirs\":200.0,\"ratio\":1.5},"
                        + "{\"test\":\"startup\",\"ours\":0.5,\"theirs\":1.25,\"ratio\":2.5}],"
                        + "\"read_gbps\":26.04,\"decode_share\":0.751}");
    }

    @Test
    void severalModelsStandInOneDocumentByName() {
        Report.Model started = new Report.Model("b", List.of(), null);

        assertThat(Report.json(List.of(MEASURED, started)))
                .startsWith("{\"models\":[{\"model\":\"tinyllama-1.1b Q4_K_M\",\"results\":[{\"test\":\"pp512\"")
                .endsWith("{\"model\":\"b\",\"results\":[],\"read_gbps\":null,\"decode_share\":null}]}");
    }

    @Test
    void peopleSeeBothEnginesAndTheMemorysLimit() {
        assertThat(Report.text(List.of(MEASURED)).lines().map(String::strip))
                .containsExactly(
                        "tinyllama-1.1b Q4_K_M",
                        "ours is ours; theirs is theirs",
                        "TEST                OURS    THEIRS UNIT       RATIO",
                        "pp512              300.0     200.0 tokens/s    1.50",
                        "startup            0.500     1.250 s           2.50",
                        "memory reads 26.0 GB/s, of which making tokens uses 75%");
    }
}
