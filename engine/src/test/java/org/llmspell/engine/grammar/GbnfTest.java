package org.llmspell.engine.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.engine.EngineException;

@Timeout(60)
class GbnfTest {
    private static Texts texts(String grammar) {
        return new Texts(Grammar.gbnf(grammar));
    }

    @Test
    void aGrammarOfChessMovesIsFollowed() {
        Texts chess = texts("""
                # comments and empty lines do not matter

                root ::= (
                    # the first moves
                    "1. " move " " move "\\n"
                    ([1-9] [0-9]? ". " move " " move "\\n")+
                )
                move ::= (pawn | nonpawn | castle) [+#]?   # check or mate
                nonpawn ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]
                pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])?
                castle ::= "O-O" "-O"?
                """);
        assertThat(chess.accepts("1. e4 e5\n2. Nf3 Nc6\n3. O-O O-O-O+\n")).isTrue();
        assertThat(chess.begins("1. e4 e5\n2. Nf3 N")).isTrue();
        assertThat(chess.accepts("1. e4 e5\n")).isFalse();
        assertThat(chess.begins("1. e4 e9")).isFalse();
    }

    @Test
    void recursionNestsAsDeepAsTheTextDoes() {
        Texts arithmetic = texts("""
                root ::= term ([-+*/] term)*
                term ::= [0-9]+ | "(" root ")"
                """);
        assertThat(arithmetic.accepts("1+(2*(3-4))/56")).isTrue();
        assertThat(arithmetic.accepts("(".repeat(900) + "7" + ")".repeat(900))).isTrue();
        assertThat(arithmetic.accepts("(".repeat(900) + "7" + ")".repeat(899))).isFalse();
    }

    @Test
    void nestingBeyondTheLimitIsNotBegun() {
        Texts texts = texts("root ::= \"(\" root \")\" | \"x\"");
        assertThat(texts.begins("(".repeat(Closure.DEEPEST - 10))).isTrue();
        assertThat(texts.accepts("(".repeat(100_000))).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "root ::= [\\x41-\\x43\\u00e9\\U0001F600]+; AB\u00e9\uD83D\uDE00; D",
                "root ::= \"\\t\\n\\\\\\\"\\[\\]\\-\" [\\]\\[^-]; `\t\n\\\"[]-^`; `\t\n\\\"[]-x`",
                "root ::= [^\\n]; é; `\n`",
                "root ::= . . ; `\nx`; x",
                "root ::= \"ab\"{2}; abab; ab",
                "root ::= [ab]{2,}; abba; a",
                "root ::= [ab]{0,2} \"c\"; abc; abac",
                "`root ::= (\"a\" | \"b\" |\n \"c\")+`; cab; cad",
                "`root ::= a-B1\na-B1 ::= | \"x\"`; x; xx",
            })
    void eachNotationMeansWhatTheGuideSays(String grammar, String fits, String doesNot) {
        Texts texts = texts(grammar);
        assertThat(texts.accepts(fits)).isTrue();
        assertThat(texts.accepts(doesNot)).isFalse();
    }

    @Test
    void anyCharacterIsWellFormedUtf8() {
        Texts any = texts("root ::= .");
        assertThat(any.begins(new byte[] {(byte) 0xE6, (byte) 0x97})).isTrue();
        assertThat(any.begins(new byte[] {(byte) 0xC0})).as("overlong").isFalse();
        assertThat(any.begins(new byte[] {(byte) 0xE0, (byte) 0x80}))
                .as("overlong")
                .isFalse();
        assertThat(any.begins(new byte[] {(byte) 0xED, (byte) 0xA0}))
                .as("surrogate")
                .isFalse();
        assertThat(any.begins(new byte[] {(byte) 0xF4, (byte) 0x90}))
                .as("over U+10FFFF")
                .isFalse();
        assertThat(any.begins(new byte[] {(byte) 0x80})).as("continuation").isFalse();
    }

    @Test
    void everyCharacterOfASetAndNoOtherIsRead() {
        CharSet set = CharSet.range(0x7E, 0x81)
                .union(CharSet.range(0x7FE, 0x802))
                .union(CharSet.range(0xD7F0, 0xE00F))
                .union(CharSet.range(0xFFF0, 0x1000F))
                .union(CharSet.range(0x10FFFE, 0x10FFFF));
        Texts in = new Texts(Grammar.of(java.util.Map.of("root", new Expr.Chars(set))));
        Texts out = new Texts(Grammar.of(java.util.Map.of("root", new Expr.Chars(set.complement()))));
        for (int point = 0; point <= 0x10FFFF; point += point > 0x10100 && point < 0x10FF00 ? 257 : 1) {
            if (point < 0xD800 || point > 0xDFFF) {
                String text = Character.toString(point);
                assertThat(in.accepts(text)).as("U+%04X", point).isEqualTo(set.contains(point));
                assertThat(out.accepts(text)).as("U+%04X", point).isNotEqualTo(set.contains(point));
            }
        }
    }

    @Test
    void randomGrammarsAcceptWhatTheirDefinitionSays() {
        RandomGrammars random = new RandomGrammars(7);
        int accepted = 0;
        int grammars = 0;
        for (int i = 0; i < 1500; i++) {
            String source = random.next();
            Grammar grammar;
            try {
                grammar = Grammar.gbnf(source);
            } catch (EngineException e) {
                assertThat(e).hasMessageMatching("(?s).*(left-recursive|never be satisfied).*");
                continue;
            }
            grammars++;
            Texts texts = new Texts(grammar);
            for (int j = 0; j < 30; j++) {
                String text = random.text();
                boolean expected = ReferenceRecognizer.accepts(grammar, text);
                assertThat(texts.accepts(text)).as("%s on %s", source, text).isEqualTo(expected);
                accepted += expected ? 1 : 0;
            }
        }
        assertThat(grammars).isGreaterThan(700);
        assertThat(accepted).isGreaterThan(1000);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "root ::= \"a; line 1, column 12: the grammar ends inside a literal",
                "root = \"a\"; line 1, column 6: ::= after the rule name \"root\" is expected",
                "`root ::= \"a\"\nb ::= [z-a]`; line 2, column 8: the range runs backwards",
                "root ::= []; line 1, column 10: the character class is empty",
                "root ::= *; line 1, column 10: nothing stands before '*'",
                "root ::= \"a\"{3,2}; the repetition {3,2} has its bounds the wrong way round",
                "root ::= \"a\"{x}; a number is expected",
                "root ::= \"\\q\"; there is no such escape",
                "root ::= \"\\xZZ\"; the escape needs 2 hexadecimal digits",
                "root ::= \"\\uD800\"; the escape names no character",
                "root ::= (\"a\"; ')' is expected, not the end",
                "`root ::= \"a\"\nroot ::= \"b\"`; line 2, column 1: the rule \"root\" is defined twice",
                "root ::= missing; rule \"root\" uses \"missing\", which is not defined",
                "other ::= \"a\"; no rule \"root\"",
                "root ::= <[5; ']>' after the number of the token is expected",
                "root ::= <think; '>' at the end of the token is expected",
                "root ::= \"x\"{0,1000000}; repeats something 1000000 times; at most 100000",
                "root ::= \"x\"{99999999999}; the number is too large",
                "root ::= \"x\"*?*+; more than 3 repetitions",
                "root ::= \"a\" root; can never be satisfied",
            })
    void aMistakeIsNamedWithItsPlace(String grammar, String message) {
        assertThatThrownBy(() -> texts(grammar))
                .isInstanceOf(EngineException.class)
                .hasMessageNotContaining("\n")
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "root ::= root \"a\" | \"b\"",
                "root ::= a\na ::= b \"x\"\nb ::= \"y\"? root",
                "root ::= (\"\" | \"x\")* root \"a\" | \"b\"",
                "root ::= \"a\" x\nx ::= (x)+"
            })
    void leftRecursionIsRefusedByName(String grammar) {
        assertThatThrownBy(() -> Grammar.gbnf(grammar))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("is left-recursive");
    }

    @Test
    void aRuleThatNothingMatchesIsNotBegun() {
        Texts texts = texts("root ::= \"a\" dead | \"ab\"\ndead ::= \"b\" dead");
        assertThat(texts.accepts("ab")).isTrue();
        assertThat(texts.begins("abb")).isFalse();
    }
}
