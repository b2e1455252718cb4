package org.llmspell.local.json;

import java.io.StringWriter;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * JSON to and from plain values: {@code Map<String, Object>} in order, {@code List<Object>}, {@link String}, {@link Long},
 * {@link BigInteger} beyond it, {@link Double}, {@link Boolean} and null. Uses Jackson's streaming core alone, since its
 * data binding costs a command-line program 0.4 s of start-up. Stateless and thread-safe.
 */
public final class Json {
    /** What comes from a file or a server may nest this deep, which is far beyond any honest document. */
    public static final int MAX_DEPTH = 200;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
            .build();

    private Json() {}

    /**
     * Reads one document.
     *
     * @throws JsonException with line and column if {@code text} is not exactly one JSON document
     */
    public static @Nullable Object parse(String text) {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            if (parser.nextToken() == null) {
                throw new JsonException("no JSON: the text is empty");
            }
            Object value = value(parser);
            if (parser.nextToken() != null) {
                throw new JsonException("more text after the JSON document"
                        + position(
                                parser.currentTokenLocation().getLineNr(),
                                parser.currentTokenLocation().getColumnNr()));
            }
            return value;
        } catch (JacksonException e) {
            throw new JsonException(firstLine(e.getOriginalMessage())
                    + (e.getLocation() == null
                            ? ""
                            : position(
                                    e.getLocation().getLineNr(), e.getLocation().getColumnNr())));
        }
    }

    /**
     * Reads one object.
     *
     * @throws JsonException if {@code text} is not exactly one JSON object
     */
    @SuppressWarnings("unchecked") // value() makes maps with string keys only
    public static Map<String, @Nullable Object> parseObject(String text) {
        if (parse(text) instanceof Map<?, ?> map) {
            return (Map<String, @Nullable Object>) map;
        }
        throw new JsonException("a JSON object was expected");
    }

    /**
     * Writes {@code value}, on one line.
     *
     * @throws IllegalArgumentException if it holds anything but the types above (any {@link Number} included)
     */
    public static String write(@Nullable Object value) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
            write(generator, value);
        }
        return text.toString();
    }

    private static @Nullable Object value(JsonParser parser) {
        JsonToken token = parser.currentToken();
        return switch (token) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    map.put(name, value(parser));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                yield list;
            }
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT -> {
                BigInteger exact = parser.getBigIntegerValue();
                yield exact.bitLength() < Long.SIZE ? (Object) exact.longValue() : exact;
            }
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw new JsonException("unexpected " + token);
        };
    }

    private static void write(JsonGenerator out, @Nullable Object value) {
        switch (value) {
            case null -> out.writeNull();
            case String text -> out.writeString(text);
            case Boolean flag -> out.writeBoolean(flag);
            case Integer number -> out.writeNumber(number);
            case Long number -> out.writeNumber(number);
            case BigInteger number -> out.writeNumber(number);
            case Number number -> out.writeNumber(number.doubleValue());
            case Map<?, ?> map -> {
                out.writeStartObject();
                map.forEach((key, element) -> {
                    out.writeName(String.valueOf(key));
                    write(out, element);
                });
                out.writeEndObject();
            }
            case Iterable<?> list -> {
                out.writeStartArray();
                list.forEach(element -> write(out, element));
                out.writeEndArray();
            }
            default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
        }
    }

    private static String position(int line, int column) {
        return line < 1 ? "" : " (line " + line + ", column " + column + ")";
    }

    private static String firstLine(@Nullable String message) {
        return message == null ? "not JSON" : message.lines().findFirst().orElse("not JSON");
    }
}
