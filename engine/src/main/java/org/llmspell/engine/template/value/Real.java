package org.llmspell.engine.template.value;

import java.math.BigDecimal;

/** Python's {@code float}. */
public record Real(double value) implements Numeric {
    /** Whether it is finite and has no fraction. */
    public boolean isIntegral() {
        return Double.isFinite(value) && value == Math.rint(value);
    }

    /** Python's {@code int(self)}: truncated. */
    public Int truncated() {
        if (Double.isNaN(value)) {
            throw PythonException.valueError("cannot convert float NaN to integer");
        }
        if (Double.isInfinite(value)) {
            throw PythonException.overflow("cannot convert float infinity to integer");
        }
        return Math.abs(value) < 1L << 62 ? Int.of((long) value) : Int.of(new BigDecimal(value).toBigInteger());
    }

    @Override
    public double toDouble() {
        return value;
    }

    @Override
    public String typeName() {
        return "float";
    }

    @Override
    public boolean truthy() {
        return value != 0;
    }

    @Override
    public void repr(TextBuilder out) {
        out.append(FloatRepr.of(value));
    }

    @Override
    public boolean equals(Object other) {
        if (other instanceof Real real) {
            return value == real.value;
        }
        return other instanceof Numeric && other.equals(this);
    }

    @Override
    public int hashCode() {
        return isIntegral() ? truncated().hashCode() : Double.hashCode(value);
    }
}
