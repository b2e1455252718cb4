package org.llmspell.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReadableTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    @ParameterizedTest
    @CsvSource({
        "0, 0 bytes",
        "1, 1 byte",
        "1023, 1023 bytes",
        "1024, 1.0 KB",
        "10188, 9.9 KB",
        "10189, 10 KB",
        "1048051, 1023 KB",
        "1048064, 1.0 MB",
        "668788096, 638 MB",
        "9223372036854775807, 8.0 EB",
    })
    void sizesAreInUnitsOf1024(long bytes, String text) {
        assertThat(Readable.size(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"999, 999", "1000, 1.0K", "260032, 260K", "1100048384, 1.1B", "7241732096, 7.2B", "999600, 1.0M"})
    void countsAreInUnitsOf1000(long count, String text) {
        assertThat(Readable.count(count)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "PT0S, just now",
        "PT59S, just now",
        "PT1M, 1 minute ago",
        "PT59M59S, 59 minutes ago",
        "PT1H, 1 hour ago",
        "PT23H, 23 hours ago",
        "P1D, 1 day ago",
        "P29D, 29 days ago",
        "P30D, 2026-01-30",
        "PT-1S, 2026-03-01",
    })
    void agesAreRelativeForAMonth(Duration age, String text) {
        assertThat(Readable.age(NOW.minus(age), NOW)).isEqualTo(text);
    }

    @Test
    void foreignTextStaysOnItsLineAndCannotSteerTheTerminal() {
        assertThat(Readable.line("a\nb\r\t\u001b[31m\u202e\u2028é🦙\ud800"))
                .isEqualTo("a\\nb\\r\\t\\u001b[31m\\u202e\\u2028é🦙\\ud800");
    }

    @Test
    void shorteningNeverSplitsACharacter() {
        assertThat(Readable.shortened("🦙🦙🦙", 3)).isEqualTo("🦙🦙🦙");
        assertThat(Readable.shortened("🦙🦙🦙", 2)).isEqualTo("🦙…");
    }
}
