package org.llmspell.engine.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** The single constructs of llama.cpp's and huggingface.js's test suites, held to what Python's jinja2 3.1.6 makes of them. */
class UnitTemplatesTest {
    @TestFactory
    Stream<DynamicTest> everyConstructOfLlamaCppRendersAsInPython() {
        return tests("templates/units-cpp__test-jinja.2026-08.json", true);
    }

    @TestFactory
    Stream<DynamicTest> everyConstructOfHuggingFaceJsRendersAsInPython() {
        return tests("templates/units-hfjs__units.json", false);
    }

    private static Stream<DynamicTest> tests(String file, boolean trimming) {
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode unit : TestData.json(file)) {
            String source = unit.get("template").asString();
            Map<String, Object> context = JsonContext.map(unit.get("context"));
            tests.add(DynamicTest.dynamicTest(unit.get("name").asString(), () -> {
                if (unit.get("jinja2_error").isNull()) {
                    assertThat(render(source, trimming, context))
                            .isEqualTo(unit.get("jinja2_3.1.6").asString());
                } else {
                    assertThatThrownBy(() -> render(source, trimming, context))
                            .isInstanceOfSatisfying(
                                    TemplateException.class,
                                    failure -> assertThat(failure.reason())
                                            .isEqualTo(unit.get("jinja2_error")
                                                    .get("message")
                                                    .asString()));
                }
            }));
        }
        assertThat(tests).hasSizeGreaterThan(50);
        return tests.stream();
    }

    private static String render(String source, boolean trimming, Map<String, Object> context) {
        return ChatTemplate.compile(source, JsonContext.CLOCK, trimming).render(context);
    }
}
