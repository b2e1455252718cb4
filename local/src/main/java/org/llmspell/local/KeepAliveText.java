package org.llmspell.local;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads and writes how long a model stays loaded: a number of seconds or a duration as the Go language writes it
 * ({@code 300ms}, {@code 1.5h}, {@code 1h30m}), which is what Ollama's clients send. Negative is for ever.
 */
public final class KeepAliveText {
    /** For ever. */
    public static final Duration FOR_EVER = Duration.ofSeconds(-1);

    private static final Pattern TERM =
            Pattern.compile("(\\d{1,18}(?:\\.\\d{0,18})?|\\.\\d{1,18})(ns|us|µs|μs|ms|s|m|h)");
    private static final Pattern NUMBER = Pattern.compile("[+-]?\\d{1,15}(?:\\.\\d{1,15})?");
    private static final Map<String, Double> SECONDS =
            Map.of("ns", 1e-9, "us", 1e-6, "µs", 1e-6, "μs", 1e-6, "ms", 1e-3, "s", 1.0, "m", 60.0, "h", 3600.0);
    /** A century: longer is a mistake, and larger ones overflow timers. */
    private static final double LONGEST = 100 * 365.25 * 86400;

    private KeepAliveText() {}

    /** The duration that {@code text} means, or empty if it is none or longer than a century. */
    public static Optional<Duration> parse(String text) {
        String trimmed = text.strip();
        if (trimmed.length() > 100) {
            return Optional.empty();
        }
        if (NUMBER.matcher(trimmed).matches()) {
            return ofSeconds(Double.parseDouble(trimmed));
        }
        boolean negative = trimmed.startsWith("-");
        String rest = negative || trimmed.startsWith("+") ? trimmed.substring(1) : trimmed;
        Matcher term = TERM.matcher(rest);
        double seconds = 0;
        int end = 0;
        while (term.find() && term.start() == end) {
            seconds += Double.parseDouble(term.group(1)) * SECONDS.getOrDefault(term.group(2), Double.NaN);
            end = term.end();
        }
        return end == 0 || end < rest.length() ? Optional.empty() : ofSeconds(negative ? -seconds : seconds);
    }

    static Optional<Duration> ofSeconds(double seconds) {
        if (Double.isNaN(seconds) || seconds > LONGEST) {
            return Optional.empty();
        }
        return Optional.of(seconds < 0 ? FOR_EVER : Duration.ofNanos(Math.round(seconds * 1e9)));
    }

    /** {@code keepAlive} in the form that {@link #parse} reads. */
    public static String show(Duration keepAlive) {
        if (keepAlive.isNegative()) {
            return "-1s";
        }
        long seconds = keepAlive.toSeconds();
        if (keepAlive.toNanosPart() != 0) {
            return keepAlive.toMillis() + "ms";
        }
        return seconds > 0 && seconds % 3600 == 0
                ? seconds / 3600 + "h"
                : seconds > 0 && seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }
}
