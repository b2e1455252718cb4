package org.llmspell.cli.output;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Locale;

/** Numbers, times and foreign text as a person reads them. */
public final class Readable {
    private static final String[] UNITS = {"bytes", "KB", "MB", "GB", "TB", "PB", "EB"};
    private static final int THOUSAND = 1000;

    private Readable() {}

    /** Bytes in units of 1024, as the guide and Lua scripts count: {@code 638 MB}, {@code 1.2 GB}. */
    public static String size(long bytes) {
        if (bytes < 1024) {
            return bytes == 1 ? "1 byte" : bytes + " bytes";
        }
        double value = bytes;
        int unit = 0;
        // 1023.5 would round to 1024
        while (value >= 1023.5 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return (value < 9.95 ? String.format(Locale.ROOT, "%.1f", value) : String.valueOf(Math.round(value))) + " "
                + UNITS[unit];
    }

    /** A count as models' names give it: {@code 1.1B}, {@code 494M}, {@code 260K}. */
    public static String count(long number) {
        if (number < THOUSAND) {
            return String.valueOf(number);
        }
        String[] units = {"", "K", "M", "B", "T", "Q"};
        double value = number;
        int unit = 0;
        while (value >= 999.5 && unit < units.length - 1) {
            value /= THOUSAND;
            unit++;
        }
        return (value < 9.95 ? String.format(Locale.ROOT, "%.1f", value) : String.valueOf(Math.round(value)))
                + units[unit];
    }

    /** How long before {@code now} something was: {@code 5 minutes ago}, and a date for what is over a month ago. */
    public static String age(Instant then, Instant now) {
        Duration age = Duration.between(then, now);
        if (age.isNegative() || age.toDays() >= 30) {
            return LocalDate.ofInstant(then, ZoneOffset.UTC).toString();
        }
        if (age.toDays() > 0) {
            return ago(age.toDays(), "day");
        }
        if (age.toHours() > 0) {
            return ago(age.toHours(), "hour");
        }
        return age.toMinutes() > 0 ? ago(age.toMinutes(), "minute") : "just now";
    }

    private static String ago(long number, String unit) {
        return counted(number, unit) + " ago";
    }

    /** {@code 1 tensor}, {@code 48 tensors}. */
    public static String counted(long number, String thing) {
        return number + " " + thing + (number == 1 ? "" : "s");
    }

    /**
     * Text from a file or a server on one line: control characters and those that turn the direction of reading, by which
     * a hostile file could write to the terminal what it likes, are shown as {@code \\n} or {@code \\u….}.
     */
    public static String line(String text) {
        StringBuilder line = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> line.append("\\n");
                case '\r' -> line.append("\\r");
                case '\t' -> line.append("\\t");
                default -> {
                    if (harmless(c)) {
                        line.appendCodePoint(c);
                    } else if (c <= Character.MAX_VALUE) {
                        line.append(String.format(Locale.ROOT, "\\u%04x", c));
                    } else {
                        line.append(String.format(Locale.ROOT, "\\U%08x", c));
                    }
                }
            }
        });
        return line.toString();
    }

    private static boolean harmless(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }

    /** The beginning of {@code text}, at most {@code most} characters with the sign that there is more. */
    public static String shortened(String text, int most) {
        if (text.codePointCount(0, text.length()) <= most) {
            return text;
        }
        return text.substring(0, text.offsetByCodePoints(0, Math.max(0, most - 1))) + "…";
    }
}
