package org.llmspell.engine.grammar.schema;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.grammar.CharSet;
import org.llmspell.engine.grammar.Expr;

/**
 * The numbers between two bounds as the texts that write them in decimal, without exponents: at each digit a text is either
 * still equal to a bound so far, or already free of it.
 *
 * @param min null for none
 * @param minExcluded whether {@code min} itself is left out
 * @param max null for none
 * @param maxExcluded whether {@code max} itself is left out
 */
record NumberRange(
        @Nullable BigDecimal min,
        boolean minExcluded,
        @Nullable BigDecimal max,
        boolean maxExcluded) {
    private static final Expr FREE = Expr.repeat(JsonForms.DIGIT, 0, JsonForms.DIGITS);
    private static final Expr ZEROS = Expr.repeat(Expr.literal("0"), 0, JsonForms.DIGITS);

    /** The whole numbers of the range. */
    Expr integers() {
        BigInteger low = null;
        if (min != null) {
            low = min.setScale(0, RoundingMode.CEILING).toBigInteger();
            low = minExcluded && min.compareTo(new BigDecimal(low)) == 0 ? low.add(BigInteger.ONE) : low;
        }
        BigInteger high = null;
        if (max != null) {
            high = max.setScale(0, RoundingMode.FLOOR).toBigInteger();
            high = maxExcluded && max.compareTo(new BigDecimal(high)) == 0 ? high.subtract(BigInteger.ONE) : high;
        }
        List<Expr> parts = new ArrayList<>();
        if (low == null || low.signum() < 0) {
            BigInteger smallest = high == null ? BigInteger.ONE : high.negate().max(BigInteger.ONE);
            parts.add(Expr.sequence(Expr.literal("-"), wholes(smallest, low == null ? null : low.negate())));
        }
        if (high == null || high.signum() >= 0) {
            parts.add(wholes(low == null ? BigInteger.ZERO : low.max(BigInteger.ZERO), high));
        }
        return new Expr.Choice(parts);
    }

    /** All numbers of the range. */
    Expr decimals() {
        List<Expr> parts = new ArrayList<>();
        if (min == null || min.signum() < 0) {
            BigDecimal nearest = max != null && max.signum() < 0 ? max.negate() : null;
            parts.add(Expr.sequence(
                    Expr.literal("-"),
                    magnitudes(
                            nearest == null ? BigDecimal.ZERO : nearest,
                            nearest == null || maxExcluded,
                            min == null ? null : min.negate(),
                            minExcluded)));
        }
        if (max == null || max.signum() >= 0) {
            BigDecimal least = min != null && min.signum() >= 0 ? min : null;
            parts.add(magnitudes(
                    least == null ? BigDecimal.ZERO : least, least != null && minExcluded, max, maxExcluded));
        }
        return new Expr.Choice(parts);
    }

    private static Expr magnitudes(
            BigDecimal low, boolean lowExcluded, @Nullable BigDecimal high, boolean highExcluded) {
        if (high != null && low.compareTo(high) > 0) {
            return Expr.NOTHING;
        }
        BigInteger lowWhole = low.toBigInteger();
        String lowDigits = fraction(low);
        Expr lowText = Expr.literal(lowWhole.toString());
        if (high != null && high.toBigInteger().equals(lowWhole)) {
            String highDigits = fraction(high);
            boolean bare = lowDigits.isEmpty() && !lowExcluded && (!highDigits.isEmpty() || !highExcluded);
            return Expr.sequence(lowText, point(between(lowDigits, lowExcluded, highDigits, highExcluded), bare));
        }
        List<Expr> parts = new ArrayList<>();
        boolean bareLow = lowDigits.isEmpty() && !lowExcluded;
        parts.add(Expr.sequence(lowText, point(atLeast(lowDigits, lowExcluded, true), bareLow)));
        BigInteger highWhole = high == null ? null : high.toBigInteger();
        parts.add(Expr.sequence(
                wholes(lowWhole.add(BigInteger.ONE), highWhole == null ? null : highWhole.subtract(BigInteger.ONE)),
                Expr.optional(Expr.sequence(Expr.literal("."), Expr.repeat(JsonForms.DIGIT, 1, JsonForms.DIGITS)))));
        if (high != null && highWhole != null) {
            String highDigits = fraction(high);
            boolean bare = !highDigits.isEmpty() || !highExcluded;
            parts.add(Expr.sequence(
                    Expr.literal(highWhole.toString()), point(atMost(highDigits, highExcluded, true), bare)));
        }
        return new Expr.Choice(parts);
    }

    /** The digits after the point, without zeros at the end. */
    private static String fraction(BigDecimal number) {
        BigDecimal part = number.remainder(BigDecimal.ONE).stripTrailingZeros();
        return part.signum() == 0 ? "" : part.toPlainString().substring(2);
    }

    private static Expr point(Expr digits, boolean mayBeLeftOut) {
        Expr pointed = Expr.sequence(Expr.literal("."), digits);
        return mayBeLeftOut ? Expr.choice(Expr.EMPTY, pointed) : pointed;
    }

    /** Digits of a fraction of at least, or over, the one with {@code digits}; not none if {@code some}. */
    private static Expr atLeast(String digits, boolean excluded, boolean some) {
        if (digits.isEmpty()) {
            if (excluded) {
                return Expr.sequence(ZEROS, digits('1', '9'), FREE);
            }
            return some ? Expr.sequence(JsonForms.DIGIT, FREE) : FREE;
        }
        char first = digits.charAt(0);
        return Expr.choice(
                Expr.sequence(digits(first, first), atLeast(digits.substring(1), excluded, false)),
                Expr.sequence(digits((char) (first + 1), '9'), FREE));
    }

    /** Digits of a fraction of at most, or under, the one with {@code digits}; not none if {@code some}. */
    private static Expr atMost(String digits, boolean excluded, boolean some) {
        if (digits.isEmpty()) {
            return excluded ? Expr.NOTHING : some ? Expr.sequence(Expr.literal("0"), ZEROS) : ZEROS;
        }
        char first = digits.charAt(0);
        Expr written = Expr.choice(
                Expr.sequence(digits(first, first), atMost(digits.substring(1), excluded, false)),
                Expr.sequence(digits('0', (char) (first - 1)), FREE));
        return some ? written : Expr.choice(Expr.EMPTY, written);
    }

    /** Digits, not none, of a fraction between two. */
    private static Expr between(String low, boolean lowExcluded, String high, boolean highExcluded) {
        if (low.isEmpty() && high.isEmpty()) {
            return lowExcluded || highExcluded ? Expr.NOTHING : Expr.sequence(Expr.literal("0"), ZEROS);
        }
        char from = low.isEmpty() ? '0' : low.charAt(0);
        char to = high.isEmpty() ? '0' : high.charAt(0);
        String lowRest = low.isEmpty() ? "" : low.substring(1);
        String highRest = high.isEmpty() ? "" : high.substring(1);
        if (from == to) {
            boolean bare = lowRest.isEmpty() && !lowExcluded && (!highRest.isEmpty() || !highExcluded);
            Expr rest = between(lowRest, lowExcluded, highRest, highExcluded);
            return Expr.sequence(digits(from, from), bare ? Expr.choice(Expr.EMPTY, rest) : rest);
        }
        return Expr.choice(
                Expr.sequence(digits(from, from), atLeast(lowRest, lowExcluded, false)),
                Expr.sequence(digits((char) (from + 1), (char) (to - 1)), FREE),
                Expr.sequence(digits(to, to), atMost(highRest, highExcluded, false)));
    }

    private static Expr digits(char first, char last) {
        return first > last ? Expr.NOTHING : new Expr.Chars(CharSet.range(first, last));
    }

    /** The whole numbers from {@code low}, at least 0, to {@code high}; null for as many digits as are ever written. */
    private static Expr wholes(BigInteger low, @Nullable BigInteger high) {
        String from = low.toString();
        String to = high == null ? "9".repeat(Math.max(JsonForms.DIGITS, from.length() + 1)) : high.toString();
        if (high != null && low.compareTo(high) > 0) {
            return Expr.NOTHING;
        }
        List<Expr> lengths = new ArrayList<>();
        for (int length = from.length(); length <= to.length(); length++) {
            String least = length == from.length() ? from : "1" + "0".repeat(length - 1);
            String most = length == to.length() ? to : "9".repeat(length);
            lengths.add(sameLength(least, most));
        }
        return new Expr.Choice(lengths);
    }

    private static Expr sameLength(String low, String high) {
        if (low.isEmpty()) {
            return Expr.EMPTY;
        }
        char from = low.charAt(0);
        char to = high.charAt(0);
        int rest = low.length() - 1;
        if (low.substring(1).chars().allMatch(c -> c == '0')
                && high.substring(1).chars().allMatch(c -> c == '9')) {
            return Expr.sequence(digits(from, to), Expr.repeat(JsonForms.DIGIT, rest, rest));
        }
        if (from == to) {
            return Expr.sequence(digits(from, to), sameLength(low.substring(1), high.substring(1)));
        }
        return Expr.choice(
                Expr.sequence(digits(from, from), sameLength(low.substring(1), "9".repeat(rest))),
                Expr.sequence(digits((char) (from + 1), (char) (to - 1)), Expr.repeat(JsonForms.DIGIT, rest, rest)),
                Expr.sequence(digits(to, to), sameLength("0".repeat(rest), high.substring(1))));
    }
}
