package org.llmspell.engine.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.llmspell.engine.template.Samples.render;

import org.junit.jupiter.api.Test;

/** Statements and scopes against what jinja2 3.1.6 gives. */
class StatementsTest {
    @Test
    void loopKnowsWhereItIs() {
        assertThat(render("{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}"
                        + "{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }},{% endfor %}"))
                .isEqualTo("1032TrueFalse31,2121FalseFalse31,3210FalseTrue31,");
        assertThat(render("{% for i in l %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }} {% endfor %}"))
                .isEqualTo("<3>1 3<1>2 1<2> ");
        assertThat(render("{% for i in [1,1,2] %}{{ loop.changed(i) }}{{ loop.cycle('a','b') }} {% endfor %}"))
                .isEqualTo("Truea Falseb Truea ");
    }

    @Test
    void loopOverFilteredItemsCountsOnlyThose() {
        assertThat(
                        render(
                                "{% for i in l if i > 1 %}{{ loop.index }}/{{ loop.length }}:{{ i }}{{ loop.last }} {% endfor %}"))
                .isEqualTo("1/2:3False 2/2:2True ");
    }

    @Test
    void filterOfLoopIsAskedWhenItsItemComesUp() {
        assertThat(render("{% set ns = namespace(n=0) %}{% for i in range(9) if i >= ns.n %}{{ i }}"
                        + "{% set ns.n = i * 2 + 1 %}{% endfor %}"))
                .isEqualTo("0137");
    }

    @Test
    void loopUnpacksItems() {
        assertThat(render("{% for k, v in d|items %}{{ k }}={{ v }};{% endfor %}"))
                .isEqualTo("b=1;a=[1, {'k': 'v'}];Z=None;");
        assertThat(render("{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}"))
                .isEqualTo("123");
        assertThat(render("{% for a, b in ['xy', 'zw'] if a %}{{ loop.nextitem }}{% endfor %}"))
                .isEqualTo("('z', 'w')");
        assertThatThrownBy(() -> render("{% for a, b in [(1,)] %}{% endfor %}"))
                .hasMessageContaining("not enough values to unpack (expected 2, got 1)");
    }

    @Test
    void elseOfLoopComesWhereNoRoundWasFinished() {
        assertThat(render("{% for i in e %}x{% else %}empty{% endfor %}")).isEqualTo("empty");
        assertThat(render("{% for i in l %}x{% else %}empty{% endfor %}")).isEqualTo("xxx");
        assertThat(render("{% for i in l %}{% break %}{% else %}E{% endfor %}")).isEqualTo("E");
    }

    @Test
    void breakAndContinueLeaveTheInnermostLoop() {
        assertThat(render("{% for i in l %}{% for j in l %}{% if j == i %}{% continue %}{% endif %}{{ i }}{{ j }} "
                        + "{% endfor %}{% if i == 1 %}{% break %}{% endif %}{% endfor %}"))
                .isEqualTo("31 32 13 12 ");
    }

    @Test
    void recursiveLoopRendersItselfOverOtherItems() {
        assertThat(render(
                        "{% for x in [{'v':1,'k':[{'v':2,'k':[]},{'v':3,'k':[]}]}] recursive %}{{ x.v }}@{{ loop.depth }}"
                                + "[{{ loop(x.k) }}]{% endfor %}"))
                .isEqualTo("1@1[2@2[]3@2[]]");
    }

    @Test
    void variablesOfLoopsAndBlocksStayInside() {
        assertThat(render("{% set y = 0 %}{% for x in l %}{% set y = x %}{{ y }}{% endfor %}{{ y }}"))
                .isEqualTo("3120");
        assertThat(render("{% with q = 1, w = i %}{{ q }}{{ w }}{% set q = 2 %}{{ q }}{% endwith %}[{{ q }}]"))
                .isEqualTo("1422[]");
        assertThat(render("{% set a %}{% set b = 1 %}{{ b }}{% endset %}{{ a }}[{{ b }}]"))
                .isEqualTo("1[]");
        assertThat(render("{% if t %}{% set i = 1 %}{% endif %}{{ i }}")).isEqualTo("1");
    }

    @Test
    void namespaceCarriesValuesOutOfLoops() {
        assertThat(render(
                        "{% set ns = namespace(n=0) %}{% for x in l %}{% set ns.n = ns.n + x %}{% endfor %}{{ ns.n }}"))
                .isEqualTo("6");
        assertThatThrownBy(() -> render("{% set d.y = 1 %}"))
                .hasMessageContaining("cannot assign attribute on non-namespace object");
    }

    @Test
    void variableThatABlockSetsLaterIsNotThereYetInItsMacros() {
        // Jinja decides at compile time that i is the block's own, so the rendering's i (42) does not show.
        assertThat(render("{% macro m() %}[{{ i }}]{% endmacro %}{{ m() }}{% set i = 1 %}{{ m() }}"))
                .isEqualTo("[][1]");
        assertThat(render("{% macro m() %}[{{ i }}]{% endmacro %}{{ m() }}{{ i }}{% set i = 1 %}{{ m() }}"))
                .isEqualTo("[42]42[1]");
        assertThat(render("{% for x in [1] %}{{ i }}{% endfor %}{% if t %}{% set i = 1 %}{% endif %}{{ i }}"))
                .isEqualTo("421");
    }

    @Test
    void macroTakesArgumentsByPositionNameAndDefault() {
        String macro = "{% macro m(a, b=a) %}<{{ a }},{{ b }}>{% endmacro %}";
        assertThat(render(macro + "{{ m(1) }}{{ m(1, 2) }}{{ m(b=1, a=0) }}{{ m() }}"))
                .isEqualTo("<1,1><1,2><0,1><,>");
        assertThatThrownBy(() -> render(macro + "{{ m(1, 2, 3) }}"))
                .hasMessageContaining("macro 'm' takes not more than 2 argument(s)");
        assertThatThrownBy(() -> render(macro + "{{ m(c=1) }}"))
                .hasMessageContaining("macro 'm' takes no keyword argument 'c'");
    }

    @Test
    void macroThatAsksForThemGetsFurtherArguments() {
        assertThat(render("{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, q=3) }}"))
                .isEqualTo("1(2,){'q': 3}");
    }

    @Test
    void macroCallsItself() {
        assertThat(render("{% macro f(x) %}{{ x }}{% if x > 0 %}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(3) }}"))
                .isEqualTo("3210");
    }

    @Test
    void callBlockIsTheMacrosCaller() {
        assertThat(
                        render(
                                "{% macro m(a) %}({{ caller(a, 2) }}){% endmacro %}{% call(x, y=5) m(1) %}{{ x }}-{{ y }}{% endcall %}"))
                .isEqualTo("(1-2)");
        assertThatThrownBy(() -> render("{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}"))
                .hasMessageContaining("No caller defined");
    }

    @Test
    void blocksAreCapturedAndFiltered() {
        assertThat(render("{% set a | upper | replace('L', '1') %}x{{ s }}{% endset %}{{ a }}"))
                .isEqualTo("XHE11O WOR1D");
        assertThat(render("{% filter upper %}a{{ s }}{% endfilter %}")).isEqualTo("AHELLO WORLD");
        assertThat(render("{% generation %}{{ s }}{% set q = 1 %}{% endgeneration %}[{{ q }}]"))
                .isEqualTo("Hello World[]");
        assertThat(render("{% block b %}{{ s }}{% endblock b %}{% print 1, 'a' %}"))
                .isEqualTo("Hello World1a");
    }

    @Test
    void iteratorsCanBeGoneThroughOnce() {
        assertThat(render("{% set g = l|map('string') %}{{ g|join }}|{{ g|join }}|"))
                .isEqualTo("312||");
        assertThatThrownBy(() -> render("{{ l|select|length }}"))
                .hasMessageContaining("object of type 'generator' has no len()");
    }

    @Test
    void errorsThatNobodyWantsDoNotHappen() {
        assertThat(render("{% set g = l|map('upper')|map('nonsense') %}ok")).isEqualTo("ok");
        assertThat(render("{% if n %}{{ s|nonsense }}{% endif %}ok")).isEqualTo("ok");
    }

    @Test
    void cyclerAndJoinerRememberWhereTheyAre() {
        assertThat(render("{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}"))
                .isEqualTo("abab");
        assertThat(render("{% set j = joiner('; ') %}{% for i in l %}{{ j() }}{{ i }}{% endfor %}"))
                .isEqualTo("3; 1; 2");
    }

    @Test
    void whiteSpaceAroundBlocksIsTrimmedAsHuggingFaceSetsIt() {
        assertThat(render("  {% if t %}\n    y\n  {% endif %}\nz")).isEqualTo("    y\nz");
        assertThat(render("x {% if t %}y{% endif %}")).isEqualTo("x y");
        assertThat(render("  {{- s -}}   x   {{- s }}  ")).isEqualTo("Hello WorldxHello World  ");
        assertThat(render("a  {%- if t -%}  b  {%- endif -%}  c")).isEqualTo("abc");
        assertThat(render("  {%+ if t +%}\nb{% endif %}")).isEqualTo("  \nb");
        assertThat(render("  {# c #}\na {#- c -#} b")).isEqualTo("ab");
        assertThat(render("a\r\nb\rc\n\n")).isEqualTo("a\nb\nc\n");
    }

    @Test
    void rawIsLeftAsItIs() {
        assertThat(render("{% raw %}{{ x }}{% if %}{% endraw %}")).isEqualTo("{{ x }}{% if %}");
        assertThat(render("a {%- raw -%} {{ b }} {%- endraw -%} c")).isEqualTo("a{{ b }}c");
    }

    @Test
    void stringLiteralsHavePythonsEscapes() {
        assertThat(render("{{ '\\n\\t\\\\\\'\\x41\\u00e9\\U0001F999\\101\\N{BULLET}\\q' 'joined' }}"))
                .isEqualTo("\n\t\\'Aé🦙A•\\qjoined");
    }

    @Test
    void timeIsThatOfTheClock() {
        assertThat(render("{{ strftime_now('%Y-%m-%d %H:%M:%S %A %a %B %b %-d %e %j %y %p %I %U %W %V %G %u %w') }}"))
                .isEqualTo("2026-01-15 10:30:45 Thursday Thu January Jan 15 15 015 26 AM 10 02 02 03 2026 4 4");
        assertThat(render("{{ strftime_now('%c|%x|%X|%D|%F|%T|%R|%r|%Z|%%|%f|%k|%C|%h|%s|%^a|%_m|%-m|%q') }}"))
                .isEqualTo(
                        "Thu Jan 15 10:30:45 2026|01/15/26|10:30:45|01/15/26|2026-01-15|10:30:45|10:30|10:30:45 AM||%|"
                                + "000000|10|20|Jan|1768473045|THU| 1|1|%q");
    }
}
