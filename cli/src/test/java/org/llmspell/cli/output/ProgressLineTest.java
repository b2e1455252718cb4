package org.llmspell.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.llmspell.cli.console.Screen;
import org.llmspell.local.PullProgress;

/** What a person sees of a transfer, by a clock that the test turns. */
class ProgressLineTest {
    private static final long MEGABYTE = 1 << 20;
    private static final Screen TERMINAL = new Screen(true, true, 80, false);

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream err = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private Instant now = Instant.EPOCH;

    private ProgressLine line(Screen screen) {
        return new ProgressLine(err, screen, () -> now);
    }

    private void pass(long millis) {
        now = now.plusMillis(millis);
    }

    private static PullProgress at(long megabytes) {
        return new PullProgress("downloading", megabytes / 10.0, megabytes * MEGABYTE, 1000 * MEGABYTE);
    }

    private List<String> shown() {
        return bytes.toString(StandardCharsets.UTF_8)
                .replace("\u001b[K", "")
                .lines()
                .flatMap(line -> line.lines())
                .toList();
    }

    @Test
    void withoutATerminalALineComesEveryFiveSecondsWithRateAndRemainingTime() {
        try (ProgressLine progress = line(Screen.NONE)) {
            for (int second = 0; second <= 12; second++) {
                progress.accept(at(second * 2L));
                pass(1000);
            }
        }

        assertThat(shown())
                .containsExactly(
                        "downloading 0%, 0 bytes of 1000 MB",
                        "downloading 1%, 10 MB of 1000 MB, 2.0 MB/s, 8 min 15 s left",
                        "downloading 2%, 20 MB of 1000 MB, 2.0 MB/s, 8 min 10 s left");
    }

    @Test
    void aNewPhaseIsShownAtOnceAndOnlyTheFirstTimeThatItComes() {
        try (ProgressLine progress = line(Screen.NONE)) {
            for (String status : List.of("pulling a", "pulling b", "pulling a", "pulling b", "verifying")) {
                progress.accept(new PullProgress(status, 0, 0, 0));
            }
        }

        assertThat(shown()).containsExactly("pulling a", "pulling b", "verifying");
    }

    @Test
    void onATerminalTheLineIsRedrawnAtMostTenTimesASecond() {
        try (ProgressLine progress = line(TERMINAL)) {
            for (int step = 0; step < 1000; step++) {
                progress.accept(at(step));
                pass(1);
            }
        }

        assertThat(bytes.toString(StandardCharsets.UTF_8).chars().filter(c -> c == '\r'))
                .hasSize(10);
    }

    @Test
    void onATerminalTheBarGivesWayToTheFigures() {
        try (ProgressLine progress = line(TERMINAL)) {
            progress.accept(at(0));
            pass(2000);
            progress.accept(at(500));
        }

        assertThat(shown().getLast())
                .isEqualTo("downloading [##########...........]  50%  500 MB of 1000 MB  250 MB/s, 2 s left")
                .hasSizeLessThan(80);
    }

    @Test
    void onANarrowTerminalThereAreFiguresAlone() {
        try (ProgressLine progress = line(new Screen(true, true, 40, false))) {
            progress.accept(at(500));
        }

        assertThat(shown().getLast()).isEqualTo("downloading  50%  500 MB of 1000 MB");
    }

    @Test
    void theRateIsThatOfTheLastSeconds() {
        try (ProgressLine progress = line(Screen.NONE)) {
            progress.accept(at(0));
            pass(5000);
            progress.accept(at(500));
            for (int second = 1; second <= 20; second++) {
                pass(1000);
                progress.accept(at(500 + second));
            }
        }

        assertThat(shown().getLast()).isEqualTo("downloading 52%, 520 MB of 1000 MB, 1.0 MB/s, 8 min 00 s left");
    }

    @Test
    void aDownloadThatBeginsAgainHasNoNegativeRate() {
        try (ProgressLine progress = line(Screen.NONE)) {
            progress.accept(at(500));
            pass(5000);
            progress.accept(at(0));
        }

        assertThat(shown().getLast()).isEqualTo("downloading 0%, 0 bytes of 1000 MB");
    }
}
