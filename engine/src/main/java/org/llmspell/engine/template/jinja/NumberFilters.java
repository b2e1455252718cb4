package org.llmspell.engine.template.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.text.Padding;
import org.llmspell.engine.template.text.PercentFormat;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Arithmetic;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.NumberParser;
import org.llmspell.engine.template.value.Numeric;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Real;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/** The filters that make numbers. */
final class NumberFilters {
    /** More places than any double has. */
    private static final int PLACES = 1100;

    private NumberFilters() {}

    static Value abs(Evaluation evaluation, Value value, Args args) {
        args.plain("abs", 0, 0);
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (!(value instanceof Numeric number)) {
            throw PythonException.typeError("bad operand type for abs(): '" + value.typeName() + "'");
        }
        if (number instanceof Real real) {
            return new Real(Math.abs(real.value()));
        }
        return ((Int) Arithmetic.plus(number)).signum() < 0 ? Arithmetic.negate(number) : Arithmetic.plus(number);
    }

    static Value toInt(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("int", 0, "default", "base");
        Value fallback = Filters.or(given[0], Int.of(0));
        int base = given[1] == null ? 10 : Padding.integer(given[1]);
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (value instanceof Text text) {
            Int whole = NumberParser.integer(text.chars(), base);
            if (whole != null) {
                return whole;
            }
            Double real = NumberParser.real(text.chars());
            return real == null || !Double.isFinite(real) ? fallback : new Real(real).truncated();
        }
        if (value instanceof Real real) {
            return Double.isNaN(real.value()) ? fallback : real.truncated();
        }
        return value instanceof Numeric number ? Arithmetic.plus(number) : fallback;
    }

    static Value toFloat(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("float", 0, "default");
        Value fallback = Filters.or(given[0], new Real(0));
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (value instanceof Text text) {
            Double real = NumberParser.real(text.chars());
            return real == null ? fallback : new Real(real);
        }
        return value instanceof Numeric number ? new Real(number.toDouble()) : fallback;
    }

    static Value round(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("round", 0, "precision", "method");
        Value places = Filters.or(given[0], Int.of(0));
        String method = Filters.or(given[1], Text.own("common")).str().chars();
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        switch (method) {
            case "common":
                if (value instanceof Numeric number) {
                    int precision = Math.clamp(Padding.integer(places), -PLACES, PLACES);
                    return rounded(number, precision);
                }
                throw PythonException.typeError("type " + value.typeName() + " doesn't define __round__ method");
            case "ceil":
            case "floor":
                Value power = Operators.binary("**", Int.of(10), places);
                Value scaled = Operators.binary("*", value, power);
                return Operators.binary("/", whole(scaled, "ceil".equals(method)), power);
            default:
                throw PythonException.typeError("method must be common, ceil or floor");
        }
    }

    private static Value rounded(Numeric number, int precision) {
        if (number instanceof Real real) {
            double value = real.value();
            return !Double.isFinite(value)
                    ? real
                    : new Real(Math.copySign(
                            new BigDecimal(value)
                                    .setScale(precision, RoundingMode.HALF_EVEN)
                                    .doubleValue(),
                            value));
        }
        Int integer = (Int) Arithmetic.plus(number);
        if (precision >= 0) {
            return integer;
        }
        BigInteger nearest = new BigDecimal(integer.big())
                .setScale(precision, RoundingMode.HALF_EVEN)
                .toBigInteger();
        return Int.of(nearest);
    }

    private static Value whole(Value value, boolean up) {
        if (value instanceof Real real) {
            double whole = up ? Math.ceil(real.value()) : Math.floor(real.value());
            return new Real(whole).truncated();
        }
        if (value instanceof Int || value instanceof Bool) {
            return value;
        }
        throw PythonException.typeError("must be real number, not " + value.typeName());
    }

    static Value fileSize(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("filesizeformat", 0, "binary");
        boolean binary = given[0] != null && given[0].truthy();
        Value converted = toFloat(evaluation, value, new Args(java.util.List.of(None.NONE), java.util.Map.of()));
        if (!(converted instanceof Real size)) {
            throw PythonException.valueError("could not convert to a number of bytes");
        }
        double bytes = size.value();
        int base = binary ? 1024 : 1000;
        if (bytes == 1) {
            return Text.own("1 Byte");
        }
        if (bytes < base) {
            return Text.own(size.truncated().digits() + " Bytes");
        }
        String letters = binary ? "KMGTPEZY" : "kMGTPEZY";
        double unit = base;
        int at = 0;
        for (unit *= base; at < letters.length() - 1 && bytes >= unit; at++) {
            unit *= base;
        }
        Text number = PercentFormat.format(Text.own("%.1f"), new Real(base * bytes / unit));
        return Text.own(number + " " + letters.charAt(at) + (binary ? "iB" : "B"));
    }
}
