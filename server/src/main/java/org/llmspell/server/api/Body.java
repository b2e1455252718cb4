package org.llmspell.server.api;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.Quoted;
import org.llmspell.local.json.JsonText;
import org.llmspell.server.http.HttpFailure;

/**
 * An object of a request, field by field. A field that is absent or null gives null; one of another type is an
 * {@link HttpFailure} 400 that names it. Immutable.
 */
public final class Body {
    private final String path;
    private final Map<?, ?> fields;

    private Body(String path, Map<?, ?> fields) {
        this.path = path;
        this.fields = fields;
    }

    /** The object that {@code bytes} are, as JSON in UTF-8. */
    public static Body of(byte[] bytes) {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new HttpFailure(400, "the request body is no UTF-8");
        }
        if (text.isBlank()) {
            throw new HttpFailure(400, "missing request body");
        }
        try {
            return new Body("", JsonText.parseObject(text));
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            throw new HttpFailure(
                    400,
                    "the request body is no valid JSON: "
                            + Quoted.plain(message.length() > 200 ? message.substring(0, 200) : message));
        }
    }

    /** Where a field is, for errors: {@code messages[2].content}. */
    public String at(String field) {
        return path.isEmpty() ? field : path + "." + field;
    }

    /** The fields as they are. */
    public Map<?, ?> fields() {
        return fields;
    }

    /** Whether the field is there and not null. */
    public boolean has(String field) {
        return fields.get(field) != null;
    }

    /** The value as it is. */
    public @Nullable Object value(String field) {
        return fields.get(field);
    }

    public @Nullable String string(String field) {
        return as(field, String.class, "a string");
    }

    /** {@link #string}, an absent one being {@code otherwise}. */
    public String string(String field, String otherwise) {
        String value = string(field);
        return value == null ? otherwise : value;
    }

    public @Nullable Boolean flag(String field) {
        return as(field, Boolean.class, "true or false");
    }

    /** {@link #flag}, an absent one being {@code otherwise}. */
    public boolean flag(String field, boolean otherwise) {
        Boolean value = flag(field);
        return value == null ? otherwise : value;
    }

    /** A whole number from {@code least} to {@code most}. */
    public @Nullable Long whole(String field, long least, long most) {
        Number number = as(field, Number.class, "a whole number");
        if (number == null) {
            return null;
        }
        double value = number.doubleValue();
        if (value != Math.rint(value) || value < least || value > most) {
            throw HttpFailure.wrong(
                    at(field),
                    "invalid value for " + Quoted.of(at(field)) + ": it must be a whole number from " + least + " to "
                            + most);
        }
        return number.longValue();
    }

    /** The object at {@code field}. */
    public @Nullable Body object(String field) {
        Map<?, ?> map = as(field, Map.class, "an object");
        return map == null ? null : new Body(at(field), map);
    }

    /** The objects of the list at {@code field}, at most so many; none where it is absent. */
    public List<Body> objects(String field, int most) {
        return list(
                field,
                most,
                "objects",
                element -> element instanceof Map<?, ?> map ? map : null,
                (map, at) -> new Body(at, map));
    }

    /** The texts of the list at {@code field}, or the one text that is there instead; none where it is absent. */
    public List<String> strings(String field, int most) {
        if (fields.get(field) instanceof String one) {
            return List.of(one);
        }
        return list(
                field, most, "strings", element -> element instanceof String text ? text : null, (text, at) -> text);
    }

    /** The whole numbers of the list at {@code field}; none where it is absent. */
    public List<Integer> integers(String field, int most) {
        return list(
                field,
                most,
                "whole numbers",
                element -> element instanceof Long number && number == number.intValue() ? number.intValue() : null,
                (number, at) -> number);
    }

    private interface Placed<A, B> {
        B at(A value, String path);
    }

    private <A, B> List<B> list(
            String field, int most, String what, Function<Object, @Nullable A> read, Placed<A, B> placed) {
        List<?> list = as(field, List.class, "a list");
        if (list == null) {
            return List.of();
        }
        if (list.size() > most) {
            throw HttpFailure.wrong(at(field), Quoted.of(at(field)) + " holds more than " + most + " elements");
        }
        List<B> result = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            Object element = list.get(i);
            A value = element == null ? null : read.apply(element);
            if (value == null) {
                throw wrongType(field + "[" + i + "]", "one of " + what);
            }
            result.add(placed.at(value, at(field) + "[" + i + "]"));
        }
        return result;
    }

    private <T> @Nullable T as(String field, Class<T> type, String expected) {
        Object value = fields.get(field);
        if (value == null) {
            return null;
        }
        if (!type.isInstance(value)) {
            throw wrongType(field, expected);
        }
        return type.cast(value);
    }

    private HttpFailure wrongType(String field, String expected) {
        return HttpFailure.wrong(at(field), "invalid type for " + Quoted.of(at(field)) + ": it must be " + expected);
    }
}
