package org.llmspell.engine.template.text;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.Numeric;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Real;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/** Python's {@code <} and what is made of it. */
public final class Ordering {
    /** Says that two numbers have no order, since one is not a number. */
    private static final int UNORDERED = 2;

    private Ordering() {}

    /** Whether {@code a OPERATOR b}, for {@code <}, {@code <=}, {@code >}, {@code >=}. */
    public static boolean holds(String operator, Value a, Value b) {
        int order = order(operator, a, b);
        if (order == UNORDERED) {
            return false;
        }
        switch (operator) {
            case "<":
                return order < 0;
            case "<=":
                return order <= 0;
            case ">":
                return order > 0;
            default:
                return order >= 0;
        }
    }

    /** Negative, zero or positive as {@code a} is less, equal or greater; values without an order count as equal. */
    static int compare(Value a, Value b) {
        int order = order("<", a, b);
        return order == UNORDERED ? 0 : order;
    }

    private static int order(String operator, Value a, Value b) {
        if (a instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (b instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (a instanceof Numeric left && b instanceof Numeric right) {
            return numbers(left, right);
        }
        if (a instanceof Text left && b instanceof Text right) {
            return compare(left.chars(), right.chars());
        }
        if (a instanceof Sequence left && b instanceof Sequence right && left.isTuple() == right.isTuple()) {
            int common = Math.min(left.length(), right.length());
            for (int i = 0; i < common; i++) {
                if (!left.items().get(i).equals(right.items().get(i))) {
                    return order(operator, left.items().get(i), right.items().get(i));
                }
            }
            return Integer.compare(left.length(), right.length());
        }
        throw PythonException.typeError("'" + operator + "' not supported between instances of '" + a.typeName()
                + "' and '" + b.typeName() + "'");
    }

    /** By code points, which differs from Java's order where surrogates meet U+E000 to U+FFFF. */
    static int compare(String a, String b) {
        int common = Math.min(a.length(), b.length());
        for (int i = 0; i < common; i++) {
            char left = a.charAt(i);
            char right = b.charAt(i);
            if (left != right) {
                boolean leftHigh = Character.isSurrogate(left);
                return leftHigh != Character.isSurrogate(right) ? (leftHigh ? 1 : -1) : left < right ? -1 : 1;
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    private static int numbers(Numeric a, Numeric b) {
        Numeric left = a instanceof Bool bool ? bool.toInt() : a;
        Numeric right = b instanceof Bool bool ? bool.toInt() : b;
        if (left instanceof Int i && right instanceof Int j) {
            return i.isSmall() && j.isSmall()
                    ? Long.compare(i.small(), j.small())
                    : i.big().compareTo(j.big());
        }
        if (left instanceof Real x && Double.isNaN(x.value()) || right instanceof Real y && Double.isNaN(y.value())) {
            return UNORDERED;
        }
        if (left instanceof Real x && Double.isInfinite(x.value())
                || right instanceof Real y && Double.isInfinite(y.value())) {
            return Double.compare(infinity(left), infinity(right));
        }
        return exact(left).compareTo(exact(right));
    }

    private static double infinity(Numeric value) {
        return value instanceof Real real && Double.isInfinite(real.value()) ? real.value() : 0;
    }

    private static BigDecimal exact(Numeric value) {
        return value instanceof Int integer ? new BigDecimal(integer.big()) : new BigDecimal(value.toDouble());
    }

    /** An item and what it is sorted by. */
    public record Keyed(Value key, Value item) {}

    /** Sorts stably; unlike Java's sort it puts up with an order that contradicts itself, as that of NaN. */
    public static List<Value> sorted(List<Keyed> items, boolean reverse) {
        Keyed[] from = items.toArray(Keyed[]::new);
        Keyed[] to = from.clone();
        merge(to, from, 0, from.length, reverse);
        List<Value> sorted = new ArrayList<>(from.length);
        for (Keyed keyed : from) {
            sorted.add(keyed.item());
        }
        return sorted;
    }

    /** Sorts {@code from..to} of {@code source} into {@code target}; both hold the same items at first. */
    private static void merge(Keyed[] source, Keyed[] target, int from, int to, boolean reverse) {
        if (to - from < 2) {
            return;
        }
        int middle = (from + to) >>> 1;
        merge(target, source, from, middle, reverse);
        merge(target, source, middle, to, reverse);
        int left = from;
        int right = middle;
        for (int i = from; i < to; i++) {
            boolean takeRight = left >= middle
                    || (right < to
                            && (reverse
                                    ? holds("<", source[left].key(), source[right].key())
                                    : holds("<", source[right].key(), source[left].key())));
            target[i] = source[takeRight ? right++ : left++];
        }
    }
}
