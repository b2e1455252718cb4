package org.llmspell.engine.template.value;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/** Python's {@code int}, up to {@link Limits#INTEGER_BITS} bits. */
public final class Int implements Numeric {
    private static final int PRINTABLE_DIGITS = 4300;
    private static final int PRINTABLE_BITS = 14_281;

    private final long small;
    /** Set only for values that do not fit a long. */
    private final @Nullable BigInteger large;

    private Int(long small, @Nullable BigInteger large) {
        this.small = small;
        this.large = large;
    }

    public static Int of(long value) {
        return new Int(value, null);
    }

    public static Int of(BigInteger value) {
        int bits = value.bitLength();
        if (bits < Long.SIZE) {
            return new Int(value.longValue(), null);
        }
        if (bits > Limits.INTEGER_BITS) {
            throw PythonException.limit(
                    "an integer of the chat template is longer than " + Limits.INTEGER_BITS + " bits");
        }
        return new Int(0, value);
    }

    /** The value of plain digits. */
    public static Int parse(String digits, int radix) {
        // Reading them takes the square of their number.
        if (digits.length() > Limits.INTEGER_BITS) {
            throw PythonException.limit(
                    "an integer of the chat template is longer than " + Limits.INTEGER_BITS + " bits");
        }
        return digits.length() < 11 ? of(Long.parseLong(digits, radix)) : of(new BigInteger(digits, radix));
    }

    /** Whether it fits a long. */
    public boolean isSmall() {
        return large == null;
    }

    /** The value if {@link #isSmall}. */
    public long small() {
        return small;
    }

    public BigInteger big() {
        return large == null ? BigInteger.valueOf(small) : large;
    }

    public int signum() {
        return large == null ? Long.signum(small) : large.signum();
    }

    /** The value, or the nearest {@code int} to it. */
    public int clamped() {
        if (large != null) {
            return large.signum() < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
        }
        return Math.clamp(small, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    /** Decimal digits; a ValueError for more than Python prints. */
    public String digits() {
        if (large == null) {
            return Long.toString(small);
        }
        if (large.bitLength() > PRINTABLE_BITS) {
            throw PythonException.valueError(
                    "Exceeds the limit (" + PRINTABLE_DIGITS + " digits) for integer string conversion");
        }
        return large.toString();
    }

    @Override
    public double toDouble() {
        if (large == null) {
            return small;
        }
        double value = large.doubleValue();
        if (Double.isInfinite(value)) {
            throw PythonException.overflow("int too large to convert to float");
        }
        return value;
    }

    @Override
    public String typeName() {
        return "int";
    }

    @Override
    public boolean truthy() {
        return signum() != 0;
    }

    @Override
    public void repr(TextBuilder out) {
        out.append(digits());
    }

    @Override
    public boolean equals(Object other) {
        if (other instanceof Int i) {
            return small == i.small && (large == null ? i.large == null : large.equals(i.large));
        }
        if (other instanceof Bool b) {
            return equals(b.toInt());
        }
        return other instanceof Real r && r.isIntegral() && equals(r.truncated());
    }

    @Override
    public int hashCode() {
        return large == null ? Long.hashCode(small) : large.hashCode();
    }
}
