package org.llmspell.langchain4j;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.json.JsonAnyOfSchema;
import dev.langchain4j.model.chat.request.json.JsonArraySchema;
import dev.langchain4j.model.chat.request.json.JsonBooleanSchema;
import dev.langchain4j.model.chat.request.json.JsonEnumSchema;
import dev.langchain4j.model.chat.request.json.JsonIntegerSchema;
import dev.langchain4j.model.chat.request.json.JsonNullSchema;
import dev.langchain4j.model.chat.request.json.JsonNumberSchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonReferenceSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import dev.langchain4j.model.chat.request.json.JsonStringSchema;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.json.JsonText;

/** Writes LangChain4j's schema objects as the keywords of JSON Schema, in an order that puts {@code type} first. */
final class Schemas {
    private Schemas() {}

    /**
     * The keywords of {@code element}, as maps, lists, strings, booleans and null.
     *
     * @throws InvalidRequestException if the text of a {@link JsonRawSchema} is no JSON object
     * @throws UnsupportedFeatureException for a kind of element that this version does not know
     */
    static Map<String, @Nullable Object> keywords(JsonSchemaElement element) {
        if (element instanceof JsonRawSchema raw) {
            try {
                return JsonText.parseObject(raw.schema());
            } catch (IllegalArgumentException e) {
                throw new InvalidRequestException("The raw JSON Schema cannot be read: " + e.getMessage(), e);
            }
        }
        Map<String, @Nullable Object> keywords = new LinkedHashMap<>();
        switch (element) {
            case JsonStringSchema text -> keywords.put("type", "string");
            case JsonIntegerSchema integer -> keywords.put("type", "integer");
            case JsonNumberSchema number -> keywords.put("type", "number");
            case JsonBooleanSchema flag -> keywords.put("type", "boolean");
            case JsonNullSchema nothing -> keywords.put("type", "null");
            case JsonEnumSchema choice -> {
                keywords.put("type", "string");
                keywords.put("enum", choice.enumValues());
            }
            case JsonArraySchema array -> {
                keywords.put("type", "array");
                if (array.items() != null) {
                    keywords.put("items", keywords(array.items()));
                }
            }
            case JsonObjectSchema object -> addObject(keywords, object);
            case JsonAnyOfSchema any ->
                keywords.put(
                        "anyOf", any.anyOf().stream().map(Schemas::keywords).toList());
            case JsonReferenceSchema reference -> keywords.put("$ref", "#/$defs/" + reference.reference());
            default ->
                throw new UnsupportedFeatureException(
                        "A JSON Schema with a " + element.getClass().getSimpleName() + " is not supported");
        }
        if (element.description() != null) {
            keywords.put("description", element.description());
        }
        return keywords;
    }

    private static void addObject(Map<String, @Nullable Object> keywords, JsonObjectSchema object) {
        keywords.put("type", "object");
        keywords.put("properties", all(object.properties()));
        List<String> required = object.required();
        if (required != null && !required.isEmpty()) {
            keywords.put("required", required);
        }
        if (object.additionalProperties() != null) {
            keywords.put("additionalProperties", object.additionalProperties());
        }
        Map<String, JsonSchemaElement> definitions = object.definitions();
        if (definitions != null && !definitions.isEmpty()) {
            keywords.put("$defs", all(definitions));
        }
    }

    private static Map<String, @Nullable Object> all(Map<String, JsonSchemaElement> elements) {
        Map<String, @Nullable Object> schemas = new LinkedHashMap<>();
        elements.forEach((name, element) -> schemas.put(name, keywords(element)));
        return schemas;
    }
}
