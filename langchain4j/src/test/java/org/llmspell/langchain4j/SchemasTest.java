package org.llmspell.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.json.JsonAnyOfSchema;
import dev.langchain4j.model.chat.request.json.JsonArraySchema;
import dev.langchain4j.model.chat.request.json.JsonEnumSchema;
import dev.langchain4j.model.chat.request.json.JsonIntegerSchema;
import dev.langchain4j.model.chat.request.json.JsonNullSchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonReferenceSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import dev.langchain4j.model.chat.request.json.JsonStringSchema;
import org.junit.jupiter.api.Test;
import org.llmspell.engine.grammar.schema.JsonSchema;
import org.llmspell.local.json.JsonText;

class SchemasTest {
    @Test
    void everyKindOfElementIsWrittenAsTheStandardHasIt() {
        JsonObjectSchema schema = JsonObjectSchema.builder()
                .description("a node")
                .addStringProperty("name", "what it is called")
                .addIntegerProperty("count")
                .addNumberProperty("weight")
                .addBooleanProperty("leaf")
                .addEnumProperty("color", java.util.List.of("red", "green"))
                .addProperty(
                        "children",
                        JsonArraySchema.builder()
                                .items(JsonReferenceSchema.builder()
                                        .reference("node")
                                        .build())
                                .build())
                .addProperty(
                        "note",
                        JsonAnyOfSchema.builder()
                                .anyOf(JsonStringSchema.builder().build(), new JsonNullSchema())
                                .build())
                .required("name", "count")
                .additionalProperties(false)
                .definitions(java.util.Map.of(
                        "node",
                        JsonIntegerSchema.builder().description("only a number").build()))
                .build();

        assertThat(JsonText.compact(Schemas.keywords(schema)))
                .isEqualTo("{\"type\":\"object\",\"properties\":{"
                        + "\"name\":{\"type\":\"string\",\"description\":\"what it is called\"},"
                        + "\"count\":{\"type\":\"integer\"},\"weight\":{\"type\":\"number\"},\"leaf\":{\"type\":\"boolean\"},"
                        + "\"color\":{\"type\":\"string\",\"enum\":[\"red\",\"green\"]},"
                        + "\"children\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/node\"}},"
                        + "\"note\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}},"
                        + "\"required\":[\"name\",\"count\"],\"additionalProperties\":false,"
                        + "\"$defs\":{\"node\":{\"type\":\"integer\",\"description\":\"only a number\"}},"
                        + "\"description\":\"a node\"}");
        assertThat(JsonSchema.of(Schemas.keywords(schema))).isNotNull();
    }

    @Test
    void anArrayOfAnythingAndAChoiceStandAlone() {
        assertThat(Schemas.keywords(JsonArraySchema.builder().build())).isEqualTo(java.util.Map.of("type", "array"));
        assertThat(Schemas.keywords(JsonEnumSchema.builder()
                        .enumValues("a")
                        .description("b")
                        .build()))
                .containsEntry("description", "b");
    }

    @Test
    void aRawSchemaIsTakenAsItIs() {
        assertThat(Schemas.keywords(JsonRawSchema.from("{\"type\": \"integer\", \"minimum\": 3}")))
                .isEqualTo(java.util.Map.of("type", "integer", "minimum", 3L));
        assertThatThrownBy(() -> Schemas.keywords(JsonRawSchema.from("{\"type\": ")))
                .isExactlyInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("raw JSON Schema");
    }

    @Test
    void anElementOfAKindToComeIsRefusedByName() {
        final class JsonDateSchema implements JsonSchemaElement {
            @Override
            public String description() {
                return "a date";
            }
        }
        assertThatThrownBy(() -> Schemas.keywords(new JsonDateSchema()))
                .isExactlyInstanceOf(UnsupportedFeatureException.class)
                .hasMessageContaining("JsonDateSchema");
    }
}
