package org.llmspell.engine.template.value;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Python's {@code range}.
 *
 * @param length how many numbers it has; Jinja's sandbox allows {@link #MAX_LENGTH}
 */
public record Range(long start, long stop, long step, int length) implements Value {
    /** {@code jinja2.sandbox.MAX_RANGE}. */
    public static final int MAX_LENGTH = 100_000;

    /** {@code range(start, stop, step)}. */
    public static Range of(long start, long stop, long step) {
        if (step == 0) {
            throw PythonException.valueError("range() arg 3 must not be zero");
        }
        // Bounds are below 2^62, see Globals, so the difference cannot overflow.
        long span = step > 0 ? stop - start : start - stop;
        long count = span <= 0 ? 0 : (span - 1) / Math.abs(step) + 1;
        if (count > MAX_LENGTH) {
            throw PythonException.overflow(
                    "Range too big. The sandbox blocks ranges larger than MAX_RANGE (" + MAX_LENGTH + ").");
        }
        return new Range(start, stop, step, (int) count);
    }

    Range selected(int first, int end, int by, int count) {
        return new Range(start + first * step, start + end * step, by * step, count);
    }

    /** Whether {@code value} is one of the numbers. */
    public boolean contains(Value value) {
        if (!(value instanceof Numeric)) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (Int.of(start + i * step).equals(value)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String typeName() {
        return "range";
    }

    @Override
    public boolean truthy() {
        return length > 0;
    }

    @Override
    public void repr(TextBuilder out) {
        out.append("range(" + start + ", " + stop + (step == 1 ? ")" : ", " + step + ")"));
    }

    @Override
    public Iterator<Value> iterate() {
        return new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < length;
            }

            @Override
            public Value next() {
                if (next >= length) {
                    throw new NoSuchElementException();
                }
                return Int.of(start + next++ * step);
            }
        };
    }

    @Override
    public @Nullable Value item(Value key) {
        int index = Slices.index(key, length);
        return index < 0 ? null : Int.of(start + index * step);
    }

    /** Equal if the numbers are. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Range r
                && length == r.length
                && (length == 0 || (start == r.start && (length == 1 || step == r.step)));
    }

    @Override
    public int hashCode() {
        return length == 0 ? 0 : Long.hashCode(start) * 31 + length;
    }
}
