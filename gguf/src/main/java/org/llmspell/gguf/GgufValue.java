package org.llmspell.gguf;

import java.util.List;

/**
 * A metadata value, immutable. Strings and arrays that came from a file are views of its bytes, decoded on access, and
 * are readable until the file is closed; those made by the factories here own their memory.
 */
public sealed interface GgufValue
        permits GgufValue.IntegerValue, GgufValue.FloatValue, GgufValue.BoolValue, GgufString, GgufArray {

    /** The value's type in the file. */
    GgufType type();

    /** The type in words, such as {@code uint32} or {@code array of string}. */
    default String typeLabel() {
        return type().label();
    }

    /**
     * An integer of any width and sign.
     *
     * @param bits the value; for {@link GgufType#UINT64} its 64 bits, so that values from 2^63 look negative
     */
    record IntegerValue(GgufType type, long bits) implements GgufValue {
        public IntegerValue {
            if (!type.isInteger() || !type.holds(bits)) {
                throw new IllegalArgumentException(bits + " is not a value of " + type.label());
            }
        }

        /**
         * The value.
         *
         * @throws ArithmeticException if it is 2^63 or more
         */
        public long longValue() {
            if (type == GgufType.UINT64 && bits < 0) {
                throw new ArithmeticException(this + " does not fit a signed 64-bit integer");
            }
            return bits;
        }

        @Override
        public String toString() {
            return type == GgufType.UINT64 ? Long.toUnsignedString(bits) : Long.toString(bits);
        }
    }

    /** A {@link GgufType#FLOAT32} or {@link GgufType#FLOAT64}; any value, NaN and infinities too. */
    record FloatValue(GgufType type, double value) implements GgufValue {
        public FloatValue {
            if (!type.isFloat()) {
                throw new IllegalArgumentException(type.label() + " is not a floating-point type");
            }
            if (type == GgufType.FLOAT32) {
                float stored = (float) value;
                value = stored;
            }
        }

        @Override
        public String toString() {
            return type == GgufType.FLOAT32 ? Float.toString((float) value) : Double.toString(value);
        }
    }

    /** A truth value. */
    record BoolValue(boolean value) implements GgufValue {
        @Override
        public GgufType type() {
            return GgufType.BOOL;
        }

        @Override
        public String toString() {
            return Boolean.toString(value);
        }
    }

    /**
     * An integer.
     *
     * @throws IllegalArgumentException if {@code type} is no integer type or cannot hold {@code value}
     */
    static GgufValue integer(GgufType type, long value) {
        return new IntegerValue(type, value);
    }

    /**
     * A {@link GgufType#UINT32}, the usual type of hyper-parameters.
     *
     * @throws IllegalArgumentException if {@code value} is negative or 2^32 and more
     */
    static GgufValue uint32(long value) {
        return new IntegerValue(GgufType.UINT32, value);
    }

    /** A {@link GgufType#FLOAT32}. */
    static GgufValue float32(float value) {
        return new FloatValue(GgufType.FLOAT32, value);
    }

    /** A {@link GgufType#FLOAT64}. */
    static GgufValue float64(double value) {
        return new FloatValue(GgufType.FLOAT64, value);
    }

    /** A truth value. */
    static GgufValue bool(boolean value) {
        return new BoolValue(value);
    }

    /** A string. */
    static GgufValue string(String text) {
        return GgufString.of(text);
    }

    /** An array of {@link GgufType#STRING}. */
    static GgufValue strings(List<String> texts) {
        return array(GgufType.STRING, texts.stream().map(GgufValue::string).toList());
    }

    /** An array of {@link GgufType#INT32}. */
    static GgufValue ints(int... values) {
        return GgufArray.ofInts(values);
    }

    /** An array of {@link GgufType#FLOAT32}. */
    static GgufValue floats(float... values) {
        return GgufArray.ofFloats(values);
    }

    /**
     * An array of any element type, arrays included.
     *
     * @throws IllegalArgumentException if an element is not of {@code elementType}
     */
    static GgufValue array(GgufType elementType, List<GgufValue> elements) {
        return GgufArray.of(elementType, elements);
    }
}
