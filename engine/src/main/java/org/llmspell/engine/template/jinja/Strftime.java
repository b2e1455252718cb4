package org.llmspell.engine.template.jinja;

import java.time.DayOfWeek;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.IsoFields;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.PythonException;

/** C's {@code strftime} in the C locale, with the GNU flags {@code - _ 0 ^ #}, for a time without a zone. */
final class Strftime {
    private static final int LONGEST = 1000;

    private Strftime() {}

    static String format(String format, LocalDateTime time) {
        if (format.length() > LONGEST) {
            throw PythonException.limit("a format of strftime_now is longer than " + LONGEST + " characters");
        }
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char unit = format.charAt(i);
            if (unit != '%' || i + 1 == format.length()) {
                out.append(unit);
                continue;
            }
            int directive = i + 1;
            while (directive < format.length() - 1 && "-_0^#".indexOf(format.charAt(directive)) >= 0) {
                directive++;
            }
            String flags = format.substring(i + 1, directive);
            String shown = directive(format.charAt(directive), flags, time);
            out.append(shown == null ? format.substring(i, directive + 1) : shown);
            i = directive;
        }
        return out.toString();
    }

    private static @Nullable String directive(char letter, String flags, LocalDateTime time) {
        boolean upper = flags.indexOf('^') >= 0 || flags.indexOf('#') >= 0;
        String text = text(letter, time);
        if (text != null) {
            return upper && letter != 'p' ? text.toUpperCase(Locale.ROOT) : text;
        }
        String composed = composed(letter);
        if (composed != null) {
            return format(composed, time);
        }
        return number(letter, flags, time);
    }

    private static @Nullable String text(char letter, LocalDateTime time) {
        switch (letter) {
            case 'a':
                return name(time.getDayOfWeek().name()).substring(0, 3);
            case 'A':
                return name(time.getDayOfWeek().name());
            case 'b':
            case 'h':
                return name(time.getMonth().name()).substring(0, 3);
            case 'B':
                return name(time.getMonth().name());
            case 'p':
                return time.getHour() < 12 ? "AM" : "PM";
            case 'P':
                return time.getHour() < 12 ? "am" : "pm";
            case 'Z':
            case 'z':
                return "";
            case '%':
                return "%";
            case 'n':
                return "\n";
            case 't':
                return "\t";
            default:
                return null;
        }
    }

    private static String name(String constant) {
        return constant.charAt(0) + constant.substring(1).toLowerCase(Locale.ROOT);
    }

    private static @Nullable String composed(char letter) {
        switch (letter) {
            case 'c':
                return "%a %b %e %H:%M:%S %Y";
            case 'D':
            case 'x':
                return "%m/%d/%y";
            case 'F':
                return "%Y-%m-%d";
            case 'T':
            case 'X':
                return "%H:%M:%S";
            case 'R':
                return "%H:%M";
            case 'r':
                return "%I:%M:%S %p";
            default:
                return null;
        }
    }

    private static @Nullable String number(char letter, String flags, LocalDateTime time) {
        int hour12 = (time.getHour() + 11) % 12 + 1;
        int sunday = time.getDayOfWeek() == DayOfWeek.SUNDAY
                ? 0
                : time.getDayOfWeek().getValue();
        int dayOfYear = time.getDayOfYear() - 1;
        switch (letter) {
            case 'Y':
                return pad(time.getYear(), 1, '0', flags);
            case 'G':
                return pad(time.get(IsoFields.WEEK_BASED_YEAR), 1, '0', flags);
            case 'C':
                return pad(time.getYear() / 100, 2, '0', flags);
            case 'y':
                return pad(time.getYear() % 100, 2, '0', flags);
            case 'g':
                return pad(time.get(IsoFields.WEEK_BASED_YEAR) % 100, 2, '0', flags);
            case 'm':
                return pad(time.getMonthValue(), 2, '0', flags);
            case 'd':
                return pad(time.getDayOfMonth(), 2, '0', flags);
            case 'e':
                return pad(time.getDayOfMonth(), 2, ' ', flags);
            case 'H':
                return pad(time.getHour(), 2, '0', flags);
            case 'k':
                return pad(time.getHour(), 2, ' ', flags);
            case 'I':
                return pad(hour12, 2, '0', flags);
            case 'l':
                return pad(hour12, 2, ' ', flags);
            case 'M':
                return pad(time.getMinute(), 2, '0', flags);
            case 'S':
                return pad(time.getSecond(), 2, '0', flags);
            case 'f':
                return pad(time.getNano() / 1000, 6, '0', "");
            case 'j':
                return pad(time.getDayOfYear(), 3, '0', flags);
            case 'w':
                return pad(sunday, 1, '0', flags);
            case 'u':
                return pad(time.getDayOfWeek().getValue(), 1, '0', flags);
            case 'U':
                return pad((dayOfYear + 7 - sunday) / 7, 2, '0', flags);
            case 'W':
                return pad((dayOfYear + 7 - (sunday + 6) % 7) / 7, 2, '0', flags);
            case 'V':
                return pad(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, '0', flags);
            case 's':
                return Long.toString(time.toEpochSecond(ZoneOffset.UTC));
            default:
                return null;
        }
    }

    private static String pad(int number, int width, char filler, String flags) {
        char used = flags.indexOf('_') >= 0 ? ' ' : flags.indexOf('0') >= 0 ? '0' : filler;
        String digits = Integer.toString(number);
        return flags.indexOf('-') >= 0
                ? digits
                : Character.toString(used).repeat(Math.max(0, width - digits.length())) + digits;
    }
}
