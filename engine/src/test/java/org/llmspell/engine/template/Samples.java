package org.llmspell.engine.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;

/** Variables for hand-written tests, and tests out of lines {@code expression → text}. */
final class Samples {
    private static final String ARROW = " → ";

    private Samples() {}

    static Map<String, @Nullable Object> context() {
        Map<String, @Nullable Object> context = new HashMap<>();
        context.put("s", "Hello World");
        context.put("u", "  Ünïcödé ß 🦙 x\n");
        context.put("n", null);
        context.put("t", true);
        context.put("f", false);
        context.put("i", 42);
        context.put("z", 0L);
        context.put("neg", -7);
        context.put("x", 2.5);
        context.put("big", new BigInteger("12345678901234567890123"));
        context.put("l", List.of(3, 1, 2));
        context.put("ls", List.of("b", "A", "c", "a"));
        context.put("d", map("b", 1, "a", List.of(1, map("k", "v")), "Z", null));
        context.put("e", List.of());
        context.put("ed", Map.of());
        context.put("es", "");
        context.put(
                "ld",
                List.of(
                        map("n", "x", "v", 2, "g", "A"),
                        map("n", "y", "v", 1, "g", "b"),
                        map("n", "z", "v", 3, "g", "a")));
        context.put("html", "<a href='x'>&\"</a>");
        context.put("ml", "line1\nline2\n\nline4\r\nend");
        return context;
    }

    /** A map of the given keys and values, in order. */
    static Map<String, @Nullable Object> map(@Nullable Object... entries) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = 0; i < entries.length; i += 2) {
            map.put(String.valueOf(entries[i]), entries[i + 1]);
        }
        return map;
    }

    static String render(String template) {
        return ChatTemplate.compile(template, JsonContext.CLOCK).render(context());
    }

    /** One test per line: the expression on the left renders as the text on the right. */
    static Stream<DynamicTest> renders(String lines) {
        return tests(
                lines,
                (expression, expected) ->
                        assertThat(render("{{ " + expression + " }}")).isEqualTo(expected));
    }

    /** One test per line: the expression on the left fails with the reason on the right. */
    static Stream<DynamicTest> fails(String lines) {
        return tests(
                lines,
                (expression, expected) -> assertThatThrownBy(() -> render("{{ " + expression + " }}"))
                        .isInstanceOfSatisfying(
                                TemplateException.class,
                                failure -> assertThat(failure.reason()).isEqualTo(expected)));
    }

    private static Stream<DynamicTest> tests(String lines, java.util.function.BiConsumer<String, String> test) {
        return Arrays.stream(lines.split("\n")).map(line -> {
            int arrow = line.lastIndexOf(ARROW);
            String left = line.substring(0, arrow);
            String right = line.substring(arrow + ARROW.length());
            return DynamicTest.dynamicTest(left, () -> test.accept(left, right));
        });
    }
}
