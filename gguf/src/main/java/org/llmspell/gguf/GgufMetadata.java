package org.llmspell.gguf;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of a file by key. The typed getters give nothing for an absent key and a {@link GgufException} naming
 * the key, the expected and the actual type for one of another type; integers are read from any width and sign, floats
 * from float32 and float64, since writers differ. Immutable and thread-safe; values are readable until the file is
 * closed.
 */
public final class GgufMetadata {
    private final String file;
    private final SequencedMap<String, GgufValue> values;

    GgufMetadata(String file, SequencedMap<String, GgufValue> values) {
        this.file = file;
        this.values = Collections.unmodifiableSequencedMap(values);
    }

    /** Every key and value in the file's order. */
    public SequencedMap<String, GgufValue> values() {
        return values;
    }

    /** The value of {@code key}, whatever its type. */
    public Optional<GgufValue> get(String key) {
        return Optional.ofNullable(values.get(key));
    }

    /** The string at {@code key}; malformed UTF-8 becomes U+FFFD. */
    public Optional<String> string(String key) throws GgufException {
        GgufValue value = values.get(key);
        if (value instanceof GgufString string) {
            return Optional.of(string.text());
        }
        rejectUnlessAbsent(key, value, "string");
        return Optional.empty();
    }

    /** The truth value at {@code key}. */
    public Optional<Boolean> bool(String key) throws GgufException {
        GgufValue value = values.get(key);
        if (value instanceof GgufValue.BoolValue(boolean truth)) {
            return Optional.of(truth);
        }
        rejectUnlessAbsent(key, value, "bool");
        return Optional.empty();
    }

    /** The integer at {@code key}, which must fit 32 bits with sign. */
    public OptionalInt intValue(String key) throws GgufException {
        OptionalLong value = longValue(key);
        if (value.isEmpty()) {
            return OptionalInt.empty();
        }
        if (value.getAsLong() != (int) value.getAsLong()) {
            throw outOfRange(key, Integer.SIZE);
        }
        return OptionalInt.of((int) value.getAsLong());
    }

    /** The integer at {@code key}, which must fit 64 bits with sign. */
    public OptionalLong longValue(String key) throws GgufException {
        GgufValue value = values.get(key);
        if (value instanceof GgufValue.IntegerValue integer) {
            try {
                return OptionalLong.of(integer.longValue());
            } catch (ArithmeticException e) {
                throw outOfRange(key, Long.SIZE);
            }
        }
        rejectUnlessAbsent(key, value, "an integer");
        return OptionalLong.empty();
    }

    /** The float32 or float64 at {@code key}; NaN and infinities are passed on. */
    public OptionalDouble floatValue(String key) throws GgufException {
        GgufValue value = values.get(key);
        if (value instanceof GgufValue.FloatValue number) {
            return OptionalDouble.of(number.value());
        }
        rejectUnlessAbsent(key, value, "float32");
        return OptionalDouble.empty();
    }

    /** The strings at {@code key}, each decoded at every access. For their bytes see {@link GgufArray#bytes}. */
    public Optional<List<String>> strings(String key) throws GgufException {
        return array(key, GgufType.STRING).map(GgufArray::asStrings);
    }

    /** A copy of the integers at {@code key}, from an array of any integer type; each must fit 32 bits with sign. */
    public Optional<int[]> ints(String key) throws GgufException {
        GgufValue value = values.get(key);
        if (value instanceof GgufArray array && array.elementType().isInteger()) {
            try {
                return Optional.of(array.toInts());
            } catch (ArithmeticException e) {
                throw new GgufException(
                        file, "an element of metadata key " + GgufException.quote(key) + " does not fit 32 bits");
            }
        }
        rejectUnlessAbsent(key, value, "an array of integers");
        return Optional.empty();
    }

    /** A copy of the numbers at {@code key}, from an array of float32 or float64. */
    public Optional<float[]> floats(String key) throws GgufException {
        GgufValue value = values.get(key);
        if (value instanceof GgufArray array && array.elementType().isFloat()) {
            return Optional.of(array.toFloats());
        }
        rejectUnlessAbsent(key, value, "an array of float32");
        return Optional.empty();
    }

    /** The array at {@code key}, whose elements must be of {@code elementType}. */
    public Optional<GgufArray> array(String key, GgufType elementType) throws GgufException {
        GgufValue value = values.get(key);
        if (value instanceof GgufArray array && array.elementType() == elementType) {
            return Optional.of(array);
        }
        rejectUnlessAbsent(key, value, "an array of " + elementType.label());
        return Optional.empty();
    }

    /** What to throw when {@code key} is needed and absent. */
    public GgufException missing(String key) {
        return new GgufException(file, "metadata key " + GgufException.quote(key) + " is missing");
    }

    private void rejectUnlessAbsent(String key, @Nullable GgufValue value, String expected) throws GgufException {
        if (value != null) {
            throw new GgufException(
                    file,
                    "metadata key " + GgufException.quote(key) + " has type " + value.typeLabel() + ", expected "
                            + expected);
        }
    }

    private GgufException outOfRange(String key, int bits) {
        return new GgufException(
                file,
                "metadata key " + GgufException.quote(key) + " is " + values.get(key) + ", which does not fit " + bits
                        + " bits with sign");
    }
}
