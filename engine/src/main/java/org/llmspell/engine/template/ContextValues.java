package org.llmspell.engine.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.Limits;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Real;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Value;

/**
 * Turns plain Java values into those of templates, and says which texts are the template's own. All texts are foreign but
 * the special tokens ({@code bos_token} and other variables whose names end in {@code _token}) and a message's role if
 * it is one of the usual: text that is known not to be a special token needs no guard, and fewer fragments tokenize
 * better.
 */
final class ContextValues {
    private ContextValues() {}

    /** The variables of a rendering. */
    static Map<String, Value> of(Map<String, ? extends @Nullable Object> context) {
        Map<String, Value> values = new HashMap<>();
        context.forEach((name, value) -> values.put(
                name, name.endsWith("_token") && value instanceof String token ? Text.own(token) : value(value, 0)));
        return values;
    }

    private static Value value(@Nullable Object value, int depth) {
        if (depth > Limits.VALUE_DEPTH) {
            throw PythonException.limit("lists or dicts are nested deeper than " + Limits.VALUE_DEPTH + " levels");
        }
        if (value == null) {
            return None.NONE;
        }
        if (value instanceof String text) {
            return Text.of(text, true);
        }
        if (value instanceof Boolean bool) {
            return Bool.of(bool);
        }
        if (value instanceof Long || value instanceof Integer || value instanceof Short || value instanceof Byte) {
            return Int.of(((Number) value).longValue());
        }
        if (value instanceof BigInteger integer) {
            return Int.of(integer);
        }
        if (value instanceof Double || value instanceof Float) {
            return new Real(((Number) value).doubleValue());
        }
        if (value instanceof Map<?, ?> map) {
            return dict(map, depth);
        }
        if (value instanceof Collection<?> items) {
            List<Value> values = new ArrayList<>(items.size());
            for (Object item : items) {
                values.add(value(item, depth + 1));
            }
            return Sequence.list(values);
        }
        throw new IllegalArgumentException(
                "a template has no values of type " + value.getClass().getName());
    }

    private static Value dict(Map<?, ?> map, int depth) {
        LinkedHashMap<Value, Value> entries = new LinkedHashMap<>();
        map.forEach((key, value) -> entries.put(
                value(key, depth + 1),
                "role".equals(key) && value instanceof String role && isRole(role)
                        ? Text.own(role)
                        : value(value, depth + 1)));
        return new Dict(entries);
    }

    private static boolean isRole(String role) {
        switch (role) {
            case "system":
            case "developer":
            case "user":
            case "assistant":
            case "tool":
                return true;
            default:
                return false;
        }
    }
}
