package org.llmspell.engine.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hostile templates end soon, with one clear line, whatever they try. */
class LimitsTest {
    private static TemplateException failure(String template) {
        TemplateException failure = catchThrowableOfType(
                TemplateException.class,
                () -> ChatTemplate.compile(template).render(Map.of("big", "a".repeat(1 << 20))));
        assertThat(failure)
                .as(template.substring(0, Math.min(80, template.length())))
                .isNotNull();
        assertThat(failure.getMessage()).doesNotContain("\n");
        return failure;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for a in range(99999) %}{% for b in range(99999) %}{{ a*b }}{% endfor %}{% endfor %}",
                "{% macro f(x) %}{% if x > 1 %}{{ f(x-1) }}{{ f(x-2) }}{% endif %}{% endmacro %}{{ f(60) }}",
                "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = ns.x + [i] %}{% endfor %}",
                "{% set ns = namespace(x='') %}{% for i in range(99999) %}{% set ns.x = ns.x ~ 'abcdefghij' %}{% endfor %}",
                "{% for i in range(99999) %}{% if 'b' in big %}{% endif %}{% endfor %}",
                "{% set a = big ~ 'x' %}{% set b = big ~ 'x' %}{% for i in range(99999) %}{% if a == b %}{% endif %}{% endfor %}",
                "{% for i in range(99999) %}{% if big is lower %}{% endif %}{% endfor %}",
                "{% for i in range(99999) %}{{ big.count('b') }}{% endfor %}",
                "{% for i in range(99999) %}{{ -1 in range(99999) }}{% endfor %}",
                "{% for i in range(99999) %}{% set x = range(99999)|list %}{% endfor %}",
            })
    void timeIsBounded(String template) {
        TemplateException failure = failure(template);
        assertThat(failure.kind()).isEqualTo(TemplateException.Kind.LIMIT);
        assertThat(failure.reason()).contains("ran for more than");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ 'x' * 10**10 }}",
                "{{ [0] * 10**9 }}",
                "{{ big|replace('', big) }}",
                "{{ 'a'.center(10**9) }}",
                "{{ '%1000000000d' % 1 }}",
                "{{ '{:100000000}'.format(1) }}",
                "{{ ('\\n' * 100000)|indent(100000, true, true) }}",
                "{{ 9**(9**9) }}",
                "{{ (10**10000)**10000 }}",
                "{{ [1]|batch(10**9, 0)|list }}",
                "{{ [[[[1]]]]|tojson(indent=10**6) }}",
                "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
                "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}",
                "{% set ns = namespace(x=3) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
            })
    void memoryIsBounded(String template) {
        assertThat(failure(template).kind()).isEqualTo(TemplateException.Kind.LIMIT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% macro f(x) %}{{ f(x+1) }}{% endmacro %}{{ f(0) }}",
                "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
                "{% macro f() %}{% call f() %}{{ caller() }}{% endcall %}{% endmacro %}{{ f() }}",
                "{% set ns = namespace(x=[]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
                "{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = ns.x|map('string') %}{% endfor %}"
                        + "{{ ns.x|list }}",
            })
    void depthIsBounded(String template) {
        TemplateException failure = failure(template);
        assertThat(failure.kind()).isEqualTo(TemplateException.Kind.LIMIT);
        assertThat(failure.reason()).contains("nested deeper than");
    }

    @Test
    void depthOfTheSourceIsBounded() {
        for (String template : new String[] {
            "{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}",
            "{{ " + "[".repeat(5000) + "]".repeat(5000) + " }}",
            "{{ " + "not ".repeat(5000) + "1 }}",
            "{{ " + "-".repeat(5000) + "1 }}",
            "{{ 1" + " if 1 else 1".repeat(5000) + " }}",
            "{{ 1" + "+1".repeat(5000) + " }}",
            "{{ a" + ".b".repeat(5000) + " }}",
            "{{ a" + "|upper".repeat(5000) + " }}",
            "{{ a" + "()".repeat(5000) + " }}",
            "{% if 1 %}".repeat(5000) + "{% endif %}".repeat(5000),
            "{% set a" + "|upper".repeat(5000) + " %}{% endset %}",
        }) {
            TemplateException failure = failure(template);
            assertThat(failure.kind()).isEqualTo(TemplateException.Kind.SYNTAX);
            assertThat(failure.reason()).contains("nested deeper than");
        }
    }

    @Test
    void whatIsAllowedFitsASmallStack() throws InterruptedException {
        AtomicReference<Object> outcome = new AtomicReference<>();
        Runnable deepest = () -> {
            try {
                String nested = "{{ " + "[".repeat(95) + "1" + "]".repeat(95) + " }}";
                String chain = "{{ 1" + "+1".repeat(490) + " }}";
                String macro = "{% macro f(x) %}{{ f([x]) }}{% endmacro %}{{ f(0) }}";
                outcome.set(ChatTemplate.compile(nested).render(Map.of())
                        + ChatTemplate.compile(chain).render(Map.of())
                        + failure(macro).kind());
            } catch (StackOverflowError e) {
                outcome.set(e);
            }
        };
        Thread small = new Thread(null, deepest, "small-stack", 512 << 10);
        small.start();
        small.join();
        assertThat(outcome.get()).isEqualTo("[".repeat(95) + "1" + "]".repeat(95) + "491" + "LIMIT");
    }

    @Test
    void largeButLegalWorkIsDone() {
        assertThat(ChatTemplate.compile("{{ ('a' * 50000) | replace('a','aa') | replace('a','aa') | length }}")
                        .render(Map.of()))
                .isEqualTo("200000");
        assertThat(ChatTemplate.compile("{# " + "x".repeat(1 << 20) + " #}ok").render(Map.of()))
                .isEqualTo("ok");
        String text = "word ".repeat(200_000);
        assertThat(ChatTemplate.compile("{{ '[' + x|trim + ']' }}").render(Map.of("x", text)))
                .hasSize(text.length() + 1);
        assertThat(ChatTemplate.compile("{{ '{:.3000000f}'.format(1.5)|length }}")
                        .render(Map.of()))
                .isEqualTo("3000002");
    }

    @Test
    void nothingOutsideOfTheValuesIsReached() {
        assertThat(failure("{{ ''.__class__.__mro__[1].__subclasses__() }}").reason())
                .isEqualTo("access to attribute '__class__' of 'str' object is unsafe.");
        assertThat(failure("{{ big.getClass().forName('java.lang.Runtime') }}").reason())
                .isEqualTo("'str object' has no attribute 'getClass'");
        assertThat(failure("{{ [].append(1) }}").reason())
                .isEqualTo("access to attribute 'append' of 'list' object is unsafe.");
        assertThat(failure("{{ '{0.__class__.__mro__}'.format(1) }}").reason())
                .isEqualTo("access to attribute '__class__' of 'int' object is unsafe.");
    }
}
