package org.llmspell.local.json;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads fields of a parsed JSON object that somebody else wrote; one that is absent or of another type is null, since old and careless servers leave fields out. */
public final class JsonFields {
    private JsonFields() {}

    public static @Nullable String string(Map<?, ?> object, String key) {
        return object.get(key) instanceof String text && !text.isEmpty() ? text : null;
    }

    public static @Nullable Long integer(Map<?, ?> object, String key) {
        return object.get(key) instanceof Number number ? (Long) number.longValue() : null;
    }

    public static long integer(Map<?, ?> object, String key, long otherwise) {
        Long value = integer(object, key);
        return value == null ? otherwise : value;
    }

    /** The number at {@code key} as a count: what lies outside 0 to {@link Integer#MAX_VALUE} becomes the nearer of them. */
    public static @Nullable Integer count(Map<?, ?> object, String key) {
        Long value = integer(object, key);
        return value == null ? null : (Integer) Math.clamp(value, 0, Integer.MAX_VALUE);
    }

    /** The numbers of an array, rounded to float32; null if {@code array} is none, or not of numbers alone. */
    public static float @Nullable [] floats(@Nullable Object array) {
        if (!(array instanceof List<?> numbers)) {
            return null;
        }
        float[] floats = new float[numbers.size()];
        for (int i = 0; i < floats.length; i++) {
            if (!(numbers.get(i) instanceof Number number)) {
                return null;
            }
            floats[i] = number.floatValue();
        }
        return floats;
    }

    /** The object at {@code key}; empty if there is none. */
    public static Map<?, ?> object(Map<?, ?> object, String key) {
        return object.get(key) instanceof Map<?, ?> map ? map : Map.of();
    }

    /** The objects in the array at {@code key}; empty if there is none. */
    public static List<Map<?, ?>> objects(Map<?, ?> object, String key) {
        List<Map<?, ?>> objects = new ArrayList<>();
        if (object.get(key) instanceof List<?> list) {
            for (Object element : list) {
                if (element instanceof Map<?, ?> map) {
                    objects.add(map);
                }
            }
        }
        return objects;
    }
}
