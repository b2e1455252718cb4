package org.llmspell.engine.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.EngineException;

class ChatTemplateTest {
    @ParameterizedTest
    @CsvSource(delimiterString = " → ", quoteCharacter = '`', textBlock = """
                    {{ unterminated → unexpected end of template
                    {{ 1 2 }} → expected token 'end of print statement', got 'literal'
                    {{ (1 }} → unexpected '}', expected ')'
                    {{ 1) }} → unexpected ')'
                    {{ }} → Expected an expression, got 'end of print statement'
                    {{ 'a }} → the string that starts here has no end
                    {{ a ! b }} → unexpected char '!'
                    {{ s|nonsense }} → No filter named 'nonsense'.
                    {{ s is nonsense }} → No test named 'nonsense'.
                    {{ [1]|random }} → the filter 'random' is not supported
                    {{ f(a=1, 2) }} → invalid syntax for function call expression
                    {% if x %} → a block is open, expected 'elif' or 'else' or 'endif'
                    {% endfor %} → unknown tag 'endfor'
                    {% nonsense %} → unknown tag 'nonsense'
                    {% break %} → 'break' outside loop
                    {% set none = 1 %} → can't assign
                    {% for loop in x %}{% endfor %} → Can't assign to special loop variable
                    {% macro m(a=1, b) %}{% endmacro %} → non-default argument follows default argument
                    {% raw %} → Missing end of raw directive
                    {% include 'x' %} → {% include %} is not supported: a chat template stands alone
                    {% import 'x' as y %} → {% import %} is not supported
                    {% extends 'x' %} → {% extends %} is not supported
                    ÿþ{{{{%%}} → unexpected '%'
                    """)
    void brokenTemplateIsRefusedWithItsLine(String template, String reason) {
        TemplateException failure =
                catchThrowableOfType(TemplateException.class, () -> ChatTemplate.compile("a\n\n" + template));
        assertThat(failure.kind()).isEqualTo(TemplateException.Kind.SYNTAX);
        assertThat(failure.line()).isEqualTo(3);
        assertThat(failure)
                .hasMessageStartingWith("the model's chat template cannot be read: line 3: ")
                .hasMessageContaining(reason);
    }

    @Test
    void failureNamesItsLine() {
        TemplateException failure = catchThrowableOfType(
                TemplateException.class,
                () -> ChatTemplate.compile("{% for m in messages %}\n\n{{ m.content + 'x' }}\n{% endfor %}")
                        .render(Map.of("messages", List.of(Samples.map("content", null)))));
        assertThat(failure.line()).isEqualTo(3);
        assertThat(failure)
                .hasMessage("the model's chat template failed at line 3: unsupported operand type(s) for +: 'NoneType'"
                        + " and 'str'");
    }

    @Test
    void refusalIsShownInTheTemplatesWordsAndOnOneLine() {
        ChatTemplate template = ChatTemplate.compile("{{ raise_exception('Roles must\n alternate!') }}");
        assertThatThrownBy(() -> template.render(List.of(ChatMessage.user("hi")), "", "", true, Map.of()))
                .isInstanceOfSatisfying(EngineException.class, failure -> {
                    assertThat(failure.problem()).isEqualTo(EngineException.Problem.TEMPLATE_FAILED);
                    assertThat(failure.advice()).isNotEmpty();
                })
                .hasMessage("the model's chat template refused the conversation: Roles must alternate!");
        TemplateException refusal = catchThrowableOfType(TemplateException.class, () -> template.render(Map.of()));
        assertThat(refusal.kind()).isEqualTo(TemplateException.Kind.REFUSED);
        assertThat(refusal.reason()).isEqualTo("Roles must\n alternate!");
    }

    @Test
    void conversationComesWithTheVariablesThatTransformersGives() {
        ChatTemplate template = ChatTemplate.compile(
                "{{ bos_token }}{{ messages|length }}{{ eos_token }}"
                        + "{{ add_generation_prompt }}{{ tools is none }}{{ documents is none }}{{ enable_thinking }}{{ q is defined }}");
        assertThat(template.render(
                        List.of(ChatMessage.user("a"), ChatMessage.assistant("b")),
                        "<s>",
                        "</s>",
                        false,
                        Map.of("enable_thinking", false)))
                .containsExactly(new Fragment("<s>2</s>FalseTrueTrueFalseFalse", true));
    }

    @Test
    void contextOfAnUnknownTypeIsACallersMistake() {
        assertThatThrownBy(() -> ChatTemplate.compile("x").render(Map.of("a", new StringBuilder())))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void capabilitiesAreFoundByTrying() {
        String turns = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}";
        assertThat(ChatTemplate.compile(turns).capabilities()).isEqualTo(new TemplateCapabilities(true, false, null));
        assertThat(ChatTemplate.compile(
                                "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + turns)
                        .capabilities())
                .isEqualTo(new TemplateCapabilities(false, false, null));
        assertThat(ChatTemplate.compile("{{ messages[-1].content }}")
                        .capabilities()
                        .systemRole())
                .isFalse();
        assertThat(ChatTemplate.compile(
                                "{% if tools %}{{ tools|tojson }}{% endif %}{% if enable_thinking %}<think>{% endif %}"
                                        + turns)
                        .capabilities())
                .isEqualTo(new TemplateCapabilities(true, true, "enable_thinking"));
    }
}
