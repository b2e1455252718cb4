package org.llmspell.engine.grammar.schema;

import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON texts as plain values, by Jackson. */
final class Json {
    static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(5000)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Json() {}

    /** Maps, lists, strings, numbers, booleans and null. */
    static Object parse(String text) {
        return MAPPER.readValue(text, Object.class);
    }

    /** As a tree; throws for what is no JSON. */
    static JsonNode tree(String text) {
        return MAPPER.readTree(text);
    }
}
