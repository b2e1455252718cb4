package org.llmspell.engine.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.llmspell.engine.EngineException;

/** Grammars made to take time or memory: refused, or followed in bounded steps. */
@Timeout(30)
class HostileGrammarsTest {
    private static Texts texts(String grammar) {
        return new Texts(Grammar.gbnf(grammar));
    }

    @Test
    void exponentiallyManyStacksAreShared() {
        Texts texts = texts("root ::= \"a\" root \"b\" | \"a\" root \"c\" | \"a\" root \"bc\" | \"x\"");
        assertThat(texts.accepts("a".repeat(200) + "x" + "b".repeat(200))).isTrue();
        assertThat(texts.accepts("a".repeat(200) + "x" + "bc".repeat(200))).isTrue();
        assertThat(texts.accepts("a".repeat(200) + "x" + "bc".repeat(201))).isFalse();
    }

    @Test
    void aDoublingChainOfEmptyRulesIsFollowedOnce() {
        StringBuilder grammar = new StringBuilder("root ::= r1 \"!\"\n");
        for (int i = 1; i < 60; i++) {
            grammar.append("r%d ::= r%d r%d\n".formatted(i, i + 1, i + 1));
        }
        grammar.append("r60 ::= \"x\"?\n");
        Texts texts = texts(grammar.toString());
        assertThat(texts.accepts("!")).isTrue();
        assertThat(texts.accepts("xxxxx!")).isTrue();
        assertThat(texts.accepts("xx?")).isFalse();
    }

    @Test
    void anAmbiguousListIsReadInManageableTime() {
        Texts texts = texts("root ::= (\"a\" | \"aa\" | \"aaa\")* (\"a\"* \"a\"*)* \"b\"");
        assertThat(texts.accepts("a".repeat(3000) + "b")).isTrue();
        assertThat(texts.states()).isLessThan(20);
    }

    @Test
    void nestedRepetitionsDoNotMultiply() {
        Texts texts = texts("root ::= ((([a-z] \"1\"){1000}){1000}){1000}");
        assertThat(texts.begins("a1b1c1".repeat(500))).isTrue();
        assertThat(texts.accepts("a1")).isFalse();
    }

    @Test
    void longBoundedRepetitionsAreCountedExactly() {
        Texts texts = texts("root ::= [^x]{50000,60000}");
        assertThat(texts.accepts("é".repeat(49_999))).isFalse();
        assertThat(texts.accepts("é".repeat(60_000))).isTrue();
        assertThat(texts.begins("é".repeat(60_001))).isFalse();
    }

    @Test
    void tooManyStatesAreRefused() {
        StringBuilder grammar = new StringBuilder("root ::= ");
        for (int i = 0; i < 9; i++) {
            grammar.append("[a-").append((char) ('b' + i)).append("]{0,99999} ");
        }
        assertThatThrownBy(() -> texts(grammar.toString()))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("too large");
    }

    @Test
    void deepParenthesesAreRefused() {
        assertThatThrownBy(() -> texts("root ::= " + "(".repeat(5000)))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("nested more than 100 deep");
    }

    @Test
    void aMegabyteOfGrammarIsRefusedOrRead() {
        assertThatThrownBy(() -> texts("root ::= \"" + "a".repeat(2_000_000) + "\""))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("at most 1000000");
        assertThat(texts("root ::= \"" + "a".repeat(300_000) + "\"").begins("aaa"))
                .isTrue();
    }

    @Test
    void aLongChainOfRulesNeedsNoDeepStack() {
        StringBuilder grammar = new StringBuilder("root ::= r0\n");
        for (int i = 0; i < 5_000; i++) {
            grammar.append("r%d ::= r%d \"y\" | \"z\"\n".formatted(i, i + 1));
        }
        grammar.append("r5000 ::= \"x\"\n");
        Texts texts = texts(grammar.toString());
        assertThat(texts.accepts("x" + "y".repeat(5_000))).isTrue();
        assertThat(texts.accepts("z" + "y".repeat(700))).isTrue();
        assertThat(texts.accepts("x" + "y".repeat(4_999))).isFalse();
    }

    @Test
    void stacksThatGrowWithTheSquareOfTheRulesAreRefused() {
        StringBuilder grammar = new StringBuilder("root ::= r0\n");
        for (int i = 0; i < 15_000; i++) {
            grammar.append("r%d ::= r%d \"y\" | r%d\n".formatted(i, i + 1, i + 1));
        }
        grammar.append("r15000 ::= \"x\"\n");
        assertThatThrownBy(() -> texts(grammar.toString()))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("too ambiguous");
    }

    @Test
    void aStateThatLeadsOnInTooManyWaysIsRefused() {
        StringBuilder grammar = new StringBuilder("root ::= (\"a\"? ");
        grammar.append("\"b\"? ".repeat(80_000)).append("){2}");
        assertThatThrownBy(() -> texts(grammar.toString()))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("too");
    }

    @Test
    void statesAreForgottenWhenTheyAreTooMany() {
        Texts texts = texts("root ::= ([a-z]{0,30000} | [0-9]{0,30000}) \".\"");
        assertThat(texts.accepts("q".repeat(30_000) + ".")).isTrue();
        assertThat(texts.states()).isLessThanOrEqualTo(Automaton.MOST_STATES);
        assertThat(texts.accepts("7".repeat(30_000) + ".")).isTrue();
        assertThat(texts.accepts("7".repeat(30_001) + ".")).isFalse();
    }
}
