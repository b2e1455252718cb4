package org.llmspell.engine.template.text;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import org.llmspell.engine.template.value.FloatRepr;

/** Writes floats in the presentation types {@code e f g %} of C and Python, correctly rounded. */
final class FloatFormat {
    /** No double has more decimal places; BigDecimal takes minutes for millions of zeros. */
    private static final int PLACES = 1100;

    private FloatFormat() {}

    /**
     * The digits of a value.
     *
     * @param value not negative
     * @param type {@code e E f F g G n %}, or 0 for the shortest form that reads back as the same value
     * @param precision −1 for the type's own
     */
    static String format(double value, char type, int precision, boolean alternate) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            String name = Double.isNaN(value) ? "nan" : "inf";
            return (Character.isUpperCase(type) ? name.toUpperCase(Locale.ROOT) : name) + (type == '%' ? "%" : "");
        }
        int places = precision < 0 ? 6 : precision;
        switch (type) {
            case 'f':
            case 'F':
                return fixed(new BigDecimal(value), places, alternate);
            case '%':
                return fixed(new BigDecimal(value * 100), places, alternate) + "%";
            case 'e':
            case 'E':
                return exponent(value, places, type, alternate);
            case 'g':
            case 'G':
            case 'n':
                return general(value, places == 0 ? 1 : places, type == 'G' ? 'E' : 'e', alternate, false);
            default:
                return precision < 0
                        ? FloatRepr.of(value)
                        : general(value, places == 0 ? 1 : places, 'e', alternate, true);
        }
    }

    private static String fixed(BigDecimal value, int places, boolean alternate) {
        int exact = Math.min(places, PLACES);
        return value.setScale(exact, RoundingMode.HALF_EVEN).toPlainString()
                + "0".repeat(places - exact)
                + (alternate && places == 0 ? "." : "");
    }

    private static String exponent(double value, int places, char letter, boolean alternate) {
        BigDecimal rounded = rounded(value, places + 1);
        String digits = digits(rounded, places + 1);
        int exponent = value == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
        return digits.charAt(0) + (places > 0 || alternate ? "." : "") + digits.substring(1) + suffix(letter, exponent);
    }

    /** C's %g; with {@code keepPoint}, Python's own form with a precision, which always looks like a float. */
    private static String general(double value, int significant, char letter, boolean alternate, boolean keepPoint) {
        BigDecimal rounded = rounded(value, significant);
        int exponent = value == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
        String digits = digits(rounded, significant);
        if (!alternate) {
            int end = digits.length();
            while (end > 1 && digits.charAt(end - 1) == '0') {
                end--;
            }
            digits = digits.substring(0, end);
        }
        if (exponent < -4 || exponent >= significant - (keepPoint ? 1 : 0)) {
            String rest = digits.substring(1);
            return digits.charAt(0) + (rest.isEmpty() && !alternate ? "" : "." + rest) + suffix(letter, exponent);
        }
        if (exponent < 0) {
            return "0." + "0".repeat(-exponent - 1) + digits;
        }
        int whole = exponent + 1;
        if (digits.length() <= whole) {
            return digits + "0".repeat(whole - digits.length()) + (keepPoint ? ".0" : alternate ? "." : "");
        }
        return digits.substring(0, whole) + "." + digits.substring(whole);
    }

    private static BigDecimal rounded(double value, int significant) {
        return new BigDecimal(value).round(new MathContext(significant, RoundingMode.HALF_EVEN));
    }

    private static String digits(BigDecimal rounded, int count) {
        String digits = rounded.unscaledValue().toString();
        return digits.length() >= count ? digits.substring(0, count) : digits + "0".repeat(count - digits.length());
    }

    private static String suffix(char letter, int exponent) {
        int magnitude = Math.abs(exponent);
        return letter + (exponent < 0 ? "-" : "+") + (magnitude < 10 ? "0" : "") + magnitude;
    }
}
