package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    /** {@code text} read and written again. */
    private static String roundTrip(String text) {
        return new Script().input(text).run("io.write(JSON.stringify(JSON.parse(io.read('a'))))");
    }

    private static String parseError(String text) {
        return new Script().input(text).run("io.write((select(2, pcall(function() JSON.parse(io.read('a')) end))))");
    }

    private static String writeError(String expression) {
        return Script.output("io.write((select(2, pcall(function() JSON.stringify(" + expression + ") end))))");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "true",
                "false",
                "0",
                "-1",
                "9223372036854775807",
                "-9223372036854775808",
                "1.5",
                "-0.25",
                "1e+300",
                "0.1",
                "2.5e-10",
                "3.0",
                "\"\"",
                "\"a\\\"b\\\\c\\n\\t\"",
                "\"é 👋🏽\"",
                "\"\u007f\"",
                "[]",
                "{}",
                "[[],{}]",
                "[1,null,3]",
                "{\"a\":null}",
                "{\"a\":[1,{\"b\":\"c\"}],\"z\":true}",
                "\"\\u0000\\u001f\""
            })
    void keepsWhatItReads(String text) {
        String expected = text.equals("\"\u007f\"") ? "\"\\u007f\"" : text;
        assertThat(roundTrip(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                " [ 1 , 2 ] | [1,2]",
                "\"\\u00e9\\ud83d\\udc4b\\/\" | \"é👋/\"",
                "18446744073709551616 | 1.8446744073709552e+19",
                "9223372036854775808 | 9.223372036854776e+18",
                "1E2 | 100.0",
                "{\"b\":1,\"a\":2,\"b\":3} | {\"a\":2,\"b\":3}",
            })
    void normalizes(String text, String expected) {
        assertThat(roundTrip(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{\"a\":1,} | expected a key in double quotes at line 1, column 8",
                "[1 2] | expected , or ] in the array at line 1, column 4",
                "[1,] | no JSON value at line 1, column 4",
                "{\"a\" 1} | expected : after the key at line 1, column 6",
                "{\"a\":1 | expected , or } in the object at line 1, column 7",
                "tru | no JSON value at line 1, column 1",
                "nulls | no JSON value at line 1, column 1",
                "01 | malformed number at line 1, column 1",
                "1. | malformed number at line 1, column 1",
                "- | no JSON value at line 1, column 1",
                "1e999 | the number is too large at line 1, column 1",
                "\"abc | the string does not end at line 1, column 1",
                "\"\\q\" | unknown escape \\q at line 1, column 2",
                "\"\\u12g4\" | \\u takes four hexadecimal digits at line 1, column 2",
                "\"\\ud83d\" | half of a surrogate pair at line 1, column 2",
                "\"\\udc4b\" | half of a surrogate pair at line 1, column 2",
                "[1] x | unexpected text after the value at line 1, column 5",
                "~~ | the text ends where a value is expected at line 1, column 1",
                "NaN | no JSON value at line 1, column 1",
            })
    void saysWhereTextIsNoJson(String text, String expected) {
        assertThat(parseError(text)).isEqualTo("(command line):1: JSON.parse: " + expected);
    }

    @Test
    void countsLinesAndCharacters() {
        assertThat(parseError("{\n  \"é👋\": x}")).endsWith("no JSON value at line 2, column 9");
        assertThat(parseError("\"a\tb\""))
                .endsWith("a control character (\\u0009) must be escaped at line 1, column 3");
        assertThat(Script.output("print(pcall(JSON.parse, '\"\\xff\"'))"))
                .isEqualTo("false\tJSON.parse: invalid UTF-8 at line 1, column 2\n");
        assertThat(Script.output("print(pcall(JSON.parse))"))
                .isEqualTo("false\tbad argument #1 to 'parse' (string expected, got nil)\n");
    }

    @Test
    void boundsTheDepthOfWhatItReads() {
        assertThat(parseError("[".repeat(100_000))).contains("nested deeper than 500 at line 1, column 502");
        assertThat(roundTrip("[".repeat(400) + "]".repeat(400))).hasSize(800);
    }

    @Test
    void givesLuaItsOwnKindsOfNumbers() {
        assertThat(Script.output("""
                        local v = JSON.parse('[1, 1.0, 1e2, 9007199254740993, 9223372036854775808]')
                        for i = 1, #v do io.write(math.type(v[i]), " ") end
                        print(v[4])
                        """)).isEqualTo("integer float float integer float 9007199254740993\n");
    }

    @Test
    void tellsNullFromAbsent() {
        assertThat(Script.output("""
                        local v = JSON.parse('{"a":null}')
                        print(v.a == JSON.null, v.b, JSON.null, pcall(function() JSON.null.x = 1 end))
                        print(JSON.stringify({JSON.null, 1}), JSON.stringify(nil))
                        """))
                .isEqualTo("true\tnil\tnull\tfalse\t(command line):2: JSON.null cannot be changed\n[null,1]\tnull\n");
    }

    @Test
    void writesEmptyTablesAsObjectsUnlessTheyAreArrays() {
        assertThat(Script.output("""
                        local list = JSON.parse("[]")
                        print(JSON.stringify({}), JSON.stringify(JSON.array({})), JSON.stringify(list))
                        list[1] = "x"
                        print(JSON.stringify(list), JSON.stringify({a = {}, b = {1, 2}}))
                        """)).isEqualTo("{}\t[]\t[]\n[\"x\"]\t{\"a\":{},\"b\":[1,2]}\n");
    }

    @Test
    void indents() {
        assertThat(Script.output("print(JSON.stringify({a = {1, {}}, b = JSON.array{}}, 2))"))
                .isEqualTo("{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}\n");
        assertThat(Script.output("print(pcall(JSON.stringify, 1, -1))"))
                .isEqualTo("false\tbad argument #2 to 'stringify' (a number of spaces from 0 to 16 expected)\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{1, nil, 3} | the list at $ has holes: 2 elements up to index 3 (fill them with JSON.null)",
                "{a = {1, x = 2}} | the table at $.a mixes list elements with the key x",
                "{[0] = 1} | the key 0 at $ is a number, not a string",
                "{[1.5] = 1} | the key 1.5 at $ is a number, not a string",
                "{a = {print}} | the value at $.a[1] is a function",
                "0/0 | the number at $ is -nan, which JSON does not have",
                "{1/0} | the number at $[1] is inf, which JSON does not have",
                "'\\xff' | the string at $ is not valid UTF-8 (byte 1)",
                "(function() local t = {} t.t = t return t end)() | the table at $.t contains itself",
                "(function() local t = {} for i = 1, 1000 do t = {t} end return t end)() | nested deeper than 500",
            })
    void saysWhatCannotBeWritten(String expression, String expected) {
        assertThat(writeError(expression)).isEqualTo("(command line):1: JSON.stringify: " + expected);
    }

    @Test
    void writesSharedTablesTwice() {
        assertThat(Script.output("local t = {1} print(JSON.stringify({t, t}))")).isEqualTo("[[1],[1]]\n");
    }
}
