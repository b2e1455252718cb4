package org.llmspell.engine.template.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;

/** Python's arithmetic on numbers: exact integers, floats where either operand is one. */
public final class Arithmetic {
    /** More digits than a double has, by far, so that rounding them again gives the nearest double. */
    private static final MathContext QUOTIENT = new MathContext(60);

    private Arithmetic() {}

    public static Value apply(String operator, Numeric a, Numeric b) {
        if (a instanceof Real || b instanceof Real) {
            return new Real(reals(operator, a.toDouble(), b.toDouble()));
        }
        return integers(operator, integer(a), integer(b));
    }

    public static Value negate(Numeric value) {
        if (value instanceof Real real) {
            return new Real(-real.value());
        }
        Int integer = integer(value);
        return integer.isSmall() && integer.small() != Long.MIN_VALUE
                ? Int.of(-integer.small())
                : Int.of(integer.big().negate());
    }

    public static Value plus(Numeric value) {
        return value instanceof Bool bool ? bool.toInt() : value;
    }

    private static Int integer(Numeric value) {
        return value instanceof Bool bool ? bool.toInt() : (Int) value;
    }

    private static Value integers(String operator, Int a, Int b) {
        if (a.isSmall() && b.isSmall()) {
            Int quick = small(operator, a.small(), b.small());
            if (quick != null) {
                return quick;
            }
        }
        switch (operator) {
            case "+":
                return Int.of(a.big().add(b.big()));
            case "-":
                return Int.of(a.big().subtract(b.big()));
            case "*":
                return Int.of(a.big().multiply(b.big()));
            case "/":
                return new Real(quotient(a, b));
            case "//":
                return floorDivide(a, b, "integer division or modulo by zero")[0];
            case "%":
                return floorDivide(a, b, "integer modulo by zero")[1];
            default:
                return power(a, b);
        }
    }

    /** The result where it is quick and safe; null otherwise. */
    private static @org.jspecify.annotations.Nullable Int small(String operator, long a, long b) {
        // Below 2^31 nothing overflows.
        if (a != (int) a || b != (int) b) {
            return null;
        }
        switch (operator) {
            case "+":
                return Int.of(a + b);
            case "-":
                return Int.of(a - b);
            case "*":
                return Int.of(a * b);
            case "//":
                return b == 0 ? null : Int.of(Math.floorDiv(a, b));
            case "%":
                return b == 0 ? null : Int.of(Math.floorMod(a, b));
            default:
                return null;
        }
    }

    private static Int[] floorDivide(Int a, Int b, String byZero) {
        if (b.signum() == 0) {
            throw zeroDivision(byZero);
        }
        BigInteger[] parts = a.big().divideAndRemainder(b.big());
        boolean round = parts[1].signum() != 0 && parts[1].signum() != b.signum();
        return new Int[] {
            Int.of(round ? parts[0].subtract(BigInteger.ONE) : parts[0]),
            Int.of(round ? parts[1].add(b.big()) : parts[1])
        };
    }

    private static double quotient(Int a, Int b) {
        if (b.signum() == 0) {
            throw zeroDivision("division by zero");
        }
        if (a.isSmall() && b.isSmall() && Math.abs(a.small()) < 1L << 53 && Math.abs(b.small()) < 1L << 53) {
            return (double) a.small() / b.small();
        }
        double quotient = new BigDecimal(a.big())
                .divide(new BigDecimal(b.big()), QUOTIENT)
                .doubleValue();
        if (Double.isInfinite(quotient)) {
            throw PythonException.overflow("integer division result too large for a float");
        }
        return quotient;
    }

    private static Value power(Int base, Int exponent) {
        if (exponent.signum() < 0) {
            if (base.signum() == 0) {
                throw zeroDivision("0.0 cannot be raised to a negative power");
            }
            return new Real(Math.pow(base.toDouble(), exponent.toDouble()));
        }
        int bits = base.big().abs().bitLength();
        if (bits > 1 && (long) (bits - 1) * exponent.clamped() > Limits.INTEGER_BITS) {
            throw PythonException.limit(
                    "an integer of the chat template is longer than " + Limits.INTEGER_BITS + " bits");
        }
        if (bits <= 1) {
            boolean negative = base.signum() < 0 && exponent.big().testBit(0);
            return exponent.signum() == 0 ? Int.of(1) : Int.of(negative ? -1 : Math.abs(base.signum()));
        }
        return Int.of(base.big().pow(exponent.clamped()));
    }

    private static double reals(String operator, double a, double b) {
        switch (operator) {
            case "+":
                return a + b;
            case "-":
                return a - b;
            case "*":
                return a * b;
            case "/":
                if (b == 0) {
                    throw zeroDivision("float division by zero");
                }
                return a / b;
            case "//":
                return floorQuotient(a, b);
            case "%":
                if (b == 0) {
                    throw zeroDivision("float modulo");
                }
                return modulo(a, b);
            default:
                return power(a, b);
        }
    }

    private static double modulo(double a, double b) {
        double rest = a % b;
        if (rest != 0) {
            return (b < 0) != (rest < 0) ? rest + b : rest;
        }
        return Math.copySign(0, b);
    }

    /** CPython's float_divmod, which corrects the rounding of the quotient. */
    private static double floorQuotient(double a, double b) {
        if (b == 0) {
            throw zeroDivision("float floor division by zero");
        }
        double quotient = (a - modulo(a, b)) / b;
        if (quotient == 0) {
            return Math.copySign(0, a / b);
        }
        double floor = Math.floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    private static double power(double a, double b) {
        if (a == 0 && b < 0) {
            throw zeroDivision("0.0 cannot be raised to a negative power");
        }
        if (a == 1 || b == 0) {
            return 1;
        }
        if (a == -1 && Double.isInfinite(b)) {
            return 1;
        }
        double result = Math.pow(a, b);
        if (Double.isFinite(a) && Double.isFinite(b)) {
            if (Double.isNaN(result)) {
                throw PythonException.valueError("complex numbers are not supported");
            }
            if (Double.isInfinite(result)) {
                throw PythonException.overflow("(34, 'Numerical result out of range')");
            }
        }
        return result;
    }

    private static PythonException zeroDivision(String message) {
        return new PythonException(PythonException.Type.ZERO_DIVISION_ERROR, message);
    }
}
