package org.llmspell.cli.output;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.OptionalLong;

/** How fast a transfer is, by its last seconds, and how long the rest will take. */
final class TransferRate {
    private static final Duration WINDOW = Duration.ofSeconds(10);
    private static final Duration STEP = Duration.ofMillis(500);

    private record Sample(Instant at, long bytes) {}

    private final Deque<Sample> samples = new ArrayDeque<>();

    /** Notes that {@code bytes} have come by {@code at}. */
    void moved(Instant at, long bytes) {
        Sample last = samples.peekLast();
        if (last != null && bytes < last.bytes()) {
            samples.clear(); // a broken part begins again, or another phase counts anew
        } else if (last != null && Duration.between(last.at(), at).compareTo(STEP) < 0) {
            return;
        }
        samples.addLast(new Sample(at, bytes));
        while (samples.size() > 2
                && Duration.between(samples.getFirst().at(), at).compareTo(WINDOW) > 0) {
            samples.removeFirst();
        }
    }

    /** Bytes a second; empty until something was measured. */
    OptionalLong bytesPerSecond() {
        if (samples.size() < 2) {
            return OptionalLong.empty();
        }
        long millis = Duration.between(
                        samples.getFirst().at(), samples.getLast().at())
                .toMillis();
        long bytes = samples.getLast().bytes() - samples.getFirst().bytes();
        return millis <= 0 ? OptionalLong.empty() : OptionalLong.of(Math.round(1000.0 * bytes / millis));
    }

    /** {@code 12 MB/s, 45 s left}, or as much of it as is known. */
    String text(long bytesLeft) {
        OptionalLong rate = bytesPerSecond();
        if (rate.isEmpty()) {
            return "";
        }
        String speed = Readable.size(rate.getAsLong()) + "/s";
        return rate.getAsLong() == 0 || bytesLeft <= 0
                ? speed
                : speed + ", " + time(Math.ceilDiv(bytesLeft, rate.getAsLong())) + " left";
    }

    private static String time(long seconds) {
        if (seconds < 60) {
            return seconds + " s";
        }
        return seconds < 3600
                ? String.format(Locale.ROOT, "%d min %02d s", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%d h %02d min", seconds / 3600, seconds / 60 % 60);
    }
}
