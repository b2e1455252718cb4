package org.llmspell.engine.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** Real templates on real conversations: what Python's jinja2 3.1.6 renders, byte for byte, or refuses. */
class GoldenTemplatesTest {
    @TestFactory
    Stream<DynamicTest> everyTemplateRendersEveryConversationAsPythonDoes() {
        JsonNode conversations = TestData.json("templates/conversations.json");
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode entry : TestData.json("templates/INDEX.json").get("templates")) {
            JsonNode golden = TestData.json("templates/" + entry.get("golden").asString());
            ChatTemplate template = template(entry.get("template").asString());
            for (JsonNode example : golden.get("cases")) {
                String name =
                        entry.get("id").asString() + " " + example.get("case").asString();
                Map<String, Object> context =
                        JsonContext.map(conversations.get(example.get("case").asString()));
                context.putAll(JsonContext.map(golden.get("special_tokens")));
                tests.add(DynamicTest.dynamicTest(name, () -> check(template, context, example)));
            }
        }
        assertThat(tests).hasSizeGreaterThan(500);
        return tests.stream();
    }

    private static ChatTemplate template(String file) {
        String source = new String(TestData.bytes("templates/" + file), StandardCharsets.UTF_8);
        return ChatTemplate.compile(source, JsonContext.CLOCK);
    }

    private static void check(ChatTemplate template, Map<String, Object> context, JsonNode example) {
        JsonNode error = example.get("error");
        if (error.isNull()) {
            String expected = example.get("expected").asString();
            assertThat(template.render(context)).isEqualTo(expected);
            assertThat(template.fragments(context).stream().map(Fragment::text).collect(Collectors.joining()))
                    .isEqualTo(expected);
            return;
        }
        TemplateException failure = catchThrowableOfType(TemplateException.class, () -> template.render(context));
        assertThat(failure).as(error.toString()).isNotNull();
        boolean raised = "TemplateError".equals(error.get("type").asString());
        assertThat(failure.kind() == TemplateException.Kind.REFUSED).isEqualTo(raised);
        // Messages of Python's own errors are part of no contract, but these are simple enough to be the same.
        assertThat(failure.reason()).isEqualTo(error.get("message").asString());
    }
}
