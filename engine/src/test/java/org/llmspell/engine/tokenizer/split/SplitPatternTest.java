package org.llmspell.engine.tokenizer.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SplitPatternTest {
    private static int match(String regex, String text) {
        int[] points = text.codePoints().toArray();
        return new SplitPattern(regex).match(points, 0, points.length);
    }

    @ParameterizedTest
    @CsvSource(
            delimiterString = "::",
            quoteCharacter = '`',
            value = {
                "a|ab :: ab :: 1",
                "a*ab :: aaab :: 4",
                "a?ab :: ab :: 2",
                "[a-c]+ :: abcd :: 3",
                "[^a-c]+ :: xyza :: 3",
                "[a\\-]+ :: a-ab :: 3",
                "[a-]+ :: a-ab :: 3",
                "[\\]x]+ :: x]a :: 2",
                "\\p{L}+ :: aé中1 :: 3",
                "[\\p{Lu}\\p{Lt}]+ :: Aǅa :: 2",
                "[\\p{L}&&[^\\p{Han}]]+ :: ab中 :: 2",
                "\\p{N}{1,3} :: 1²½4 :: 3",
                "\\d{2} :: 12 :: 2",
                "\\d{2} :: 1a :: -1",
                "\\d+ :: ½ :: -1",
                "\\p{P}\\p{S}\\p{M} :: `!+\u0301` :: 3",
                "a(?!\\S) :: ab :: -1",
                "a(?!\\S) :: a :: 1",
                "\\s+(?!\\S) :: `   x` :: 2",
                "\\s+$ :: `  ` :: 2",
                "\\s+$ :: `  x` :: -1",
                "(?i:ab)c :: ABc :: 3",
                "(?i:ab)c :: abC :: -1",
                "(?:ab|a)bc :: abc :: 3",
                "(?:ab)?a :: aba :: 3",
                "(?:ab)?a :: ac :: 1",
                "(?:a b?)+ :: `a ba ` :: 5",
                "x(?:ab)*y :: xababy :: 6",
                "(?:ab)+ :: ba :: -1",
            })
    void matchesAsARegularExpression(String regex, String text, int end) {
        assertThat(match(regex, text)).isEqualTo(end);
    }

    @Test
    void whitespaceIsUnicodes() {
        assertThat(match("\\s+", "\t\n\u000B\f\r \u0085\u00A0\u1680\u2000\u200A\u2028\u2029\u202F\u205F\u3000\u200B"))
                .isEqualTo(16);
    }

    @Test
    void aRepeatedGroupDoesNotNeedStack() {
        assertThat(match("(?:ab|c)+", "abc".repeat(1 << 20))).isEqualTo(3 << 20);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"(a)", "a**", "\\w", "\\p{Greek}", "[a", "(?:a", "a{", "a{x}", "(?<n>a)", ".", "^a", "a)", "(?!"
            })
    void refusesSyntaxThatItDoesNotHave(String regex) {
        assertThatThrownBy(() -> new SplitPattern(regex)).isInstanceOf(IllegalArgumentException.class);
    }
}
