package org.llmspell.engine.grammar.schema;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.grammar.Expr;

/**
 * The {@code format}s of strings that are enforced, as patterns: RFC 3339 with the days that each month has, without leap
 * seconds; UUIDs as RFC 4122 writes them.
 */
final class StringFormats {
    private static final String LEAP_YEAR =
            "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[048]|[2468][048]|[13579][26])00)";
    private static final String DATE = "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
            + "|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|" + LEAP_YEAR + "-02-29)";
    private static final String TIME =
            "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";

    static final Map<String, String> PATTERNS = Map.of(
            "date", "^" + DATE + "$",
            "time", "^" + TIME + "$",
            "date-time", "^" + DATE + "T" + TIME + "$",
            "uuid", "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$");

    private StringFormats() {}

    /** The strings of a format, between quotes; null if it is not known. */
    static @Nullable Expr string(String format, String path) {
        String pattern = PATTERNS.get(format);
        return pattern == null ? null : JsonForms.string(RegexParser.parse(pattern, path));
    }
}
