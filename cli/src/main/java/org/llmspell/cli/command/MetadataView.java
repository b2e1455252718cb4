package org.llmspell.cli.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.output.Readable;
import org.llmspell.gguf.GgufArray;
import org.llmspell.gguf.GgufString;
import org.llmspell.gguf.GgufValue;

/**
 * Metadata values as text and as JSON.
 *
 * @param full nothing is shortened
 */
record MetadataView(boolean full) {
    private static final int MOST_ELEMENTS = 8;
    private static final int MOST_CHARACTERS = 100;

    /** On one line: strings as they are, an array in brackets with its length if not all of it is shown. */
    String text(GgufValue value) {
        return switch (value) {
            case GgufString string -> shortened(string.text());
            case GgufArray array -> array(array);
            default -> value.toString();
        };
    }

    private String shortened(String text) {
        return full ? text : Readable.shortened(text, MOST_CHARACTERS);
    }

    private String array(GgufArray array) {
        int shown = full ? array.size() : Math.min(array.size(), MOST_ELEMENTS);
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < shown; i++) {
            GgufValue element = array.get(i);
            text.append(i == 0 ? "" : ", ");
            if (element instanceof GgufString) {
                text.append('"').append(text(element)).append('"');
            } else {
                text.append(text(element));
            }
        }
        return text + (shown < array.size() ? ", …] (" + array.size() + " elements)" : "]");
    }

    /**
     * As plain values for JSON. A long array is an object: {@code type}, {@code length} and {@code first}, the
     * elements it begins with.
     */
    @Nullable
    Object json(GgufValue value) {
        return switch (value) {
            case GgufString string -> string.text();
            case GgufValue.BoolValue truth -> truth.value();
            case GgufValue.FloatValue number -> number.value();
            case GgufValue.IntegerValue integer -> integer(integer);
            case GgufArray array when full || array.size() <= MOST_ELEMENTS -> elements(array, array.size());
            case GgufArray array -> {
                Map<String, @Nullable Object> summary = new LinkedHashMap<>();
                summary.put("type", array.typeLabel());
                summary.put("length", array.size());
                summary.put("first", elements(array, MOST_ELEMENTS));
                yield summary;
            }
        };
    }

    private static Object integer(GgufValue.IntegerValue integer) {
        try {
            return integer.longValue();
        } catch (ArithmeticException e) {
            return integer.toString(); // 2^63 and more: a text, since readers of JSON would round the number
        }
    }

    private List<@Nullable Object> elements(GgufArray array, int count) {
        List<@Nullable Object> elements = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            elements.add(json(array.get(i)));
        }
        return elements;
    }
}
