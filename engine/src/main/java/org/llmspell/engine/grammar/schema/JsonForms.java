package org.llmspell.engine.grammar.schema;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.grammar.CharSet;
import org.llmspell.engine.grammar.Expr;

/**
 * The parts of JSON (RFC 8259) as rules. Between tokens there may be nothing, one space, or a line break and up to
 * {@value #INDENTATION} spaces or tabs, so that a model cannot write white space for ever; numbers have at most
 * {@value #DIGITS} digits before and after the point and two in the exponent, so that every reader can hold them.
 */
final class JsonForms {
    static final int DIGITS = 16;
    private static final int INDENTATION = 20;

    private static final CharSet CONTROLS = CharSet.range(0, 0x1F);
    private static final CharSet PLAIN = CharSet.ALL.minus(CONTROLS).minus(CharSet.of("\"\\"));
    private static final Expr HEX = new Expr.Chars(CharSet.of("0123456789abcdefABCDEF"));
    static final Expr DIGIT = new Expr.Chars(CharSet.range('0', '9'));

    private final Rules rules;

    JsonForms(Rules rules) {
        this.rules = rules;
    }

    /** White space that may stand between tokens. */
    Expr space() {
        return rules.once(
                "space",
                () -> Expr.optional(Expr.choice(
                        Expr.literal(" "),
                        Expr.sequence(
                                Expr.literal("\n"), Expr.repeat(new Expr.Chars(CharSet.of(" \t")), 0, INDENTATION)))));
    }

    /** Any value. */
    Expr value() {
        return rules.once(
                "value", () -> Expr.choice(object(), array(), string(), number(), truth(), Expr.literal("null")));
    }

    /** Any object. */
    Expr object() {
        return rules.once("object", () -> object(members(string(), value(), 0, Expr.Repeat.UNBOUNDED)));
    }

    /** The members between braces. */
    Expr object(Expr members) {
        return enclosed("{", members, "}");
    }

    /** {@code min} to {@code max} members with such keys and values. */
    Expr members(Expr key, Expr value, int min, int max) {
        return listed(member(key, value), min, max);
    }

    Expr member(Expr key, Expr value) {
        return Expr.sequence(key, space(), Expr.literal(":"), space(), value);
    }

    /** Any array. */
    Expr array() {
        return rules.once("array", () -> array(listed(value(), 0, Expr.Repeat.UNBOUNDED)));
    }

    /** The elements between brackets. */
    Expr array(Expr elements) {
        return enclosed("[", elements, "]");
    }

    private Expr enclosed(String open, Expr inner, String close) {
        return Expr.sequence(Expr.literal(open), space(), inner, space(), Expr.literal(close));
    }

    /** {@code min} to {@code max} parts with commas between them. */
    Expr listed(Expr part, int min, int max) {
        if (max == 0) {
            return Expr.EMPTY;
        }
        Expr list = Expr.sequence(
                part,
                Expr.repeat(
                        Expr.sequence(comma(), part),
                        Math.max(0, min - 1),
                        max == Expr.Repeat.UNBOUNDED ? max : max - 1));
        return min == 0 ? Expr.optional(list) : list;
    }

    Expr comma() {
        return rules.once("comma", () -> Expr.sequence(space(), Expr.literal(","), space()));
    }

    /** Any string. */
    Expr string() {
        return rules.once("string", () -> string(Expr.any(character())));
    }

    /** Characters as {@link #character} and {@link #character(CharSet)} write them, between quotes. */
    static Expr string(Expr characters) {
        return Expr.sequence(Expr.literal("\""), characters, Expr.literal("\""));
    }

    /** Any character of a string, in every way that JSON writes it. */
    Expr character() {
        return rules.once("char", () -> {
            Expr notD = new Expr.Chars(CharSet.of("0123456789abcefABCEF"));
            Expr d = new Expr.Chars(CharSet.of("dD"));
            Expr escape = Expr.choice(
                    new Expr.Chars(CharSet.of("\"\\/bfnrt")),
                    Expr.sequence(
                            Expr.literal("u"),
                            Expr.choice(
                                    Expr.sequence(notD, HEX, HEX, HEX),
                                    Expr.sequence(d, new Expr.Chars(CharSet.range('0', '7')), HEX, HEX),
                                    // Beyond U+FFFF: a pair of surrogates, never one alone.
                                    Expr.sequence(
                                            d,
                                            new Expr.Chars(CharSet.of("89abAB")),
                                            HEX,
                                            HEX,
                                            Expr.literal("\\u"),
                                            d,
                                            new Expr.Chars(CharSet.of("cdefCDEF")),
                                            HEX,
                                            HEX))));
            return Expr.choice(new Expr.Chars(PLAIN), Expr.sequence(Expr.literal("\\"), escape));
        });
    }

    /** A character of {@code set}, in the one way that {@link #quoted} writes it. */
    static Expr character(CharSet set) {
        List<Expr> ways = new ArrayList<>();
        CharSet plain = set.intersect(PLAIN);
        if (!plain.isEmpty()) {
            ways.add(new Expr.Chars(plain));
        }
        int[] escaped = set.minus(PLAIN).ranges();
        for (int i = 0; i < escaped.length; i += 2) {
            for (int point = escaped[i]; point <= escaped[i + 1]; point++) {
                ways.add(Expr.literal(escape(point)));
            }
        }
        return ways.size() == 1 ? ways.getFirst() : new Expr.Choice(ways);
    }

    /** {@code text} as a JSON string: escaped is only what must be. */
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().forEach(point -> {
            boolean surrogate = point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
            if (PLAIN.contains(point) && !surrogate) {
                quoted.appendCodePoint(point);
            } else {
                quoted.append(escape(point));
            }
        });
        return quoted.append('"').toString();
    }

    private static String escape(int point) {
        return switch (point) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\b' -> "\\b";
            case '\f' -> "\\f";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> String.format("\\u%04x", point);
        };
    }

    Expr truth() {
        return Expr.choice(Expr.literal("true"), Expr.literal("false"));
    }

    /** Any number. */
    Expr number() {
        return rules.once(
                "number",
                () -> Expr.sequence(
                        whole(),
                        Expr.optional(Expr.sequence(Expr.literal("."), Expr.repeat(DIGIT, 1, DIGITS))),
                        Expr.optional(Expr.sequence(
                                new Expr.Chars(CharSet.of("eE")),
                                Expr.optional(new Expr.Chars(CharSet.of("+-"))),
                                Expr.repeat(DIGIT, 1, 2)))));
    }

    /** Any whole number, without point and exponent. */
    Expr whole() {
        return rules.once(
                "integer",
                () -> Expr.sequence(
                        Expr.optional(Expr.literal("-")),
                        Expr.choice(
                                Expr.literal("0"),
                                Expr.sequence(
                                        new Expr.Chars(CharSet.range('1', '9')), Expr.repeat(DIGIT, 0, DIGITS - 1)))));
    }

    /** Exactly this value: keys in their order, white space as everywhere. */
    Expr exactly(@Nullable Object value) {
        return switch (value) {
            case null -> Expr.literal("null");
            case Boolean truth -> Expr.literal(truth.toString());
            case Number number -> Expr.literal(text(number));
            case String text -> Expr.literal(quoted(text));
            case Map<?, ?> map -> {
                List<Expr> parts = new ArrayList<>();
                map.forEach((key, inner) -> {
                    parts.addAll(parts.isEmpty() ? List.of() : List.of(comma()));
                    parts.add(member(Expr.literal(quoted(String.valueOf(key))), exactly(inner)));
                });
                yield object(new Expr.Sequence(parts));
            }
            case Collection<?> list -> {
                List<Expr> parts = new ArrayList<>();
                list.forEach(inner -> {
                    parts.addAll(parts.isEmpty() ? List.of() : List.of(comma()));
                    parts.add(exactly(inner));
                });
                yield array(new Expr.Sequence(parts));
            }
            default -> throw new IllegalArgumentException("no JSON value: " + value.getClass());
        };
    }

    /** A number as it is written: whole ones without a point. */
    static String text(Number number) {
        BigDecimal decimal = decimal(number).stripTrailingZeros();
        return Math.abs((long) decimal.scale()) <= 2 * DIGITS ? decimal.toPlainString() : decimal.toString();
    }

    static BigDecimal decimal(Number number) {
        return new BigDecimal(number.toString());
    }

    /** Whether two values are equal as JSON has it: 1 is 1.0, the order of keys does not matter. */
    static boolean equal(@Nullable Object a, @Nullable Object b) {
        if (a instanceof Number x && b instanceof Number y) {
            return decimal(x).compareTo(decimal(y)) == 0;
        }
        if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
            Map<String, Object> mine = new TreeMap<>();
            Map<String, Object> theirs = new TreeMap<>();
            x.forEach((key, value) -> mine.put(String.valueOf(key), List.of(new Holder(value))));
            y.forEach((key, value) -> theirs.put(String.valueOf(key), List.of(new Holder(value))));
            return mine.equals(theirs);
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            Iterator<?> other = y.iterator();
            return x.size() == y.size() && x.stream().allMatch(value -> equal(value, other.next()));
        }
        return a == null ? b == null : a.equals(b);
    }

    private record Holder(@Nullable Object value) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Holder holder && equal(value, holder.value);
        }

        @Override
        public int hashCode() {
            return 0;
        }
    }
}
