package org.llmspell.local.json;

import java.io.StringWriter;
import java.io.Writer;
import java.util.ArrayList;
import java.util.Collection;
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
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultPrettyPrinter;

/** Writes {@link Fields} and other plain values (maps, lists, strings, numbers, booleans, null) as JSON. */
public final class JsonText {
    /** What comes from a file or a server may nest this deep, which is far beyond any honest document. */
    public static final int MAX_DEPTH = 200;

    // Jackson's streaming core alone: its data binding costs a command-line program 0.4 s of start-up.
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
            .build();

    private JsonText() {}

    /** {@code value} on one line. */
    public static String compact(@Nullable Object value) {
        StringWriter text = new StringWriter();
        write(text, value, ObjectWriteContext.empty());
        return text.toString();
    }

    /** {@code value} over several lines, for people; no newline at the end. */
    public static String pretty(@Nullable Object value) {
        StringWriter text = new StringWriter();
        write(text, value, new Indented());
        return text.toString();
    }

    /**
     * Reads one JSON value: a {@link Map} in the text's order, {@link List}, {@link String}, {@link Long}, {@link Double}
     * (also for whole numbers beyond {@code long}), {@link Boolean} or null. Nesting and lengths are bounded by the parser.
     *
     * @throws IllegalArgumentException if {@code text} is not exactly one JSON value; the message says where, in one line
     */
    public static @Nullable Object parse(String text) {
        try (JsonParser json = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            if (json.nextToken() == null) {
                throw new IllegalArgumentException("no JSON value");
            }
            Object value = read(json);
            if (json.nextToken() != null) {
                throw new IllegalArgumentException("more than one JSON value");
            }
            return value;
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation();
            String where = at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
            throw new IllegalArgumentException(e.getOriginalMessage().replaceAll("\\s+", " ") + where, e);
        }
    }

    /**
     * Reads one JSON object, as {@link #parse} reads it.
     *
     * @throws IllegalArgumentException if {@code text} is not exactly one JSON object
     */
    @SuppressWarnings("unchecked") // read() makes maps with string keys only
    public static Map<String, @Nullable Object> parseObject(String text) {
        if (parse(text) instanceof Map<?, ?> map) {
            return (Map<String, @Nullable Object>) map;
        }
        throw new IllegalArgumentException("a JSON object was expected");
    }

    private static @Nullable Object read(JsonParser json) {
        return switch (json.currentToken()) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                for (String name = json.nextName(); name != null; name = json.nextName()) {
                    json.nextToken();
                    map.put(name, read(json));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    list.add(read(json));
                }
                yield list;
            }
            case VALUE_STRING -> json.getString();
            case VALUE_NUMBER_INT ->
                json.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                        ? (Object) json.getDoubleValue()
                        : (Object) json.getLongValue();
            case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw new IllegalArgumentException("no JSON value");
        };
    }

    private static void write(Writer out, @Nullable Object value, ObjectWriteContext context) {
        try (JsonGenerator json = FACTORY.createGenerator(context, out)) {
            write(json, value);
        }
    }

    /**
     * Writes {@code value} at the generator's place. JSON has no NaN or infinity: they become null.
     *
     * @throws IllegalArgumentException for anything but the plain values
     */
    public static void write(JsonGenerator json, @Nullable Object value) {
        switch (value) {
            case null -> json.writeNull();
            case String text -> json.writeString(text);
            case Boolean flag -> json.writeBoolean(flag);
            case Integer number -> json.writeNumber(number);
            case Long number -> json.writeNumber(number);
            case Number number when Double.isFinite(number.doubleValue()) -> json.writeNumber(number.doubleValue());
            case Number number -> json.writeNull();
            case Map<?, ?> map -> {
                json.writeStartObject();
                map.forEach((name, inner) -> {
                    json.writeName(String.valueOf(name));
                    write(json, inner);
                });
                json.writeEndObject();
            }
            case Collection<?> list -> {
                json.writeStartArray();
                list.forEach(inner -> write(json, inner));
                json.writeEndArray();
            }
            default -> throw new IllegalArgumentException("no JSON form of " + value.getClass());
        }
    }

    private static final class Indented extends ObjectWriteContext.Base {
        private final DefaultPrettyPrinter printer = new DefaultPrettyPrinter();

        @Override
        public DefaultPrettyPrinter getPrettyPrinter() {
            return printer;
        }

        @Override
        public boolean hasPrettyPrinter() {
            return true;
        }
    }
}
