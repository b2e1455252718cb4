package org.llmspell.engine.grammar.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.grammar.Grammar;
import tools.jackson.databind.JsonNode;

/** What a model without sense writes under a schema is JSON, and valid by an independent validator. */
@Timeout(120)
class GeneratedJsonTest {
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    @Test
    void anyObjectIsJson() {
        Grammar grammar = JsonSchema.anyObject();
        for (int seed = 0; seed < 60; seed++) {
            String text = new RandomWriter(seed).write(grammar);
            assertThat(text).isNotNull();
            assertThat(Json.tree(text).isObject()).as(text).isTrue();
        }
    }

    @Test
    void outputsOfRandomSchemasAreValid() {
        int checked = 0;
        for (int seed = 0; seed < 250; seed++) {
            Map<String, Object> schema = new RandomSchemas(seed).next();
            Grammar grammar;
            try {
                grammar = JsonSchema.of(schema);
            } catch (EngineException e) {
                assertThat(e).hasMessageMatching(".*(never be satisfied|not supported|combines two).*");
                continue;
            }
            Schema validator = REGISTRY.getSchema(Json.MAPPER.<JsonNode>valueToTree(schema));
            for (int i = 0; i < 3; i++) {
                String text = new RandomWriter(1000L * seed + i).write(grammar);
                assertThat(text).as("%s ends", schema).isNotNull();
                JsonNode value = Json.tree(text);
                assertThat(validator.validate(
                                value,
                                context -> context.executionConfig(config -> config.formatAssertionsEnabled(true))))
                        .as("%s%n%s", Json.MAPPER.writeValueAsString(schema), text)
                        .isEmpty();
                checked++;
            }
        }
        assertThat(checked).isGreaterThan(500);
    }
}
