package org.llmspell.engine.grammar.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.grammar.Texts;

@Timeout(60)
class JsonSchemaTest {
    private static Texts texts(String schema) {
        return new Texts(JsonSchema.of(Json.parse(schema)));
    }

    @Test
    void anyObjectIsJsonAsTheStandardHasIt() {
        Texts json = new Texts(JsonSchema.anyObject());
        for (String valid : new String[] {
            "{}",
            "{ }",
            "{\"a\":1}",
            "{\n  \"a\": [1, -0.5e+10, true, false, null, \"\\u00e9\\n\\\"\\/ é😀\"],\n  \"b\": {\"c\": []}\n}",
            "{\"\\ud83d\\ude00\": \"\\uD83D\\uDE00\"}",
        }) {
            assertThat(json.accepts(valid)).as(valid).isTrue();
        }
        for (String invalid : new String[] {
            "[]",
            "1",
            "\"a\"",
            "null",
            "",
            " {}",
            "{} ",
            "{a:1}",
            "{\"a\":1,}",
            "{\"a\":01}",
            "{\"a\":.5}",
            "{\"a\":1.}",
            "{\"a\":+1}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\ud83d\"}",
            "{\"a\":\"\\ude00\"}",
            "{\"a\":'b'}",
            "{\"a\":NaN}",
            "{\"a\" 1}",
            "{\"a\":[1 2]}",
            "{\"a\":tru}",
        }) {
            assertThat(json.accepts(invalid)).as(invalid).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            true | 1 ; {"a":[]} ; null | tru ; {]
            {} | 1 ; {"a":[]} ; null | tru ; {]
            {"title":"x","description":"y","default":1,"examples":[2],"$schema":"z","$comment":"c"} | 1 ; "a" | x
            {"type":"string"} | "" ; "é\\"" | 1 ; null
            {"type":["string","null"]} | "a" ; null | 1 ; true
            {"type":"integer"} | 0 ; -12 ; 1234567890123456 | 1.5 ; 01 ; "1" ; -
            {"type":"number"} | 0 ; -1.25e10 ; 3 | .5 ; 1e ; "1"
            {"type":"boolean"} | true ; false | 0 ; null
            {"const":{"b":[1,null],"a":"x"}} | {"b":[1,null],"a":"x"} ; { "b": [ 1, null ], "a": "x" } | {"a":"x","b":[1,null]} ; {}
            {"enum":[1,"a",null,1.0e2]} | 1 ; "a" ; null ; 100 | 2 ; "b" ; true
            {"enum":[1,"a",2.5],"type":"integer"} | 1 | "a" ; 2.5
            {"type":"string","minLength":2,"maxLength":3} | "ab" ; "é日😀" ; "\\u00e9\\ud83d\\ude00" | "a" ; "abcd"
            {"type":"string","minLength":3} | "abc" ; "abcdefgh" | "ab"
            {"type":"string","pattern":"^a+[b-d]?$"} | "a" ; "aab" | "b" ; "abb" ; "xa"
            {"type":"string","pattern":"a.c"} | "abc" ; "xxa\\"cyy" | "ac" ; "a\\nc"
            `{"type":"string","pattern":"^(foo|ba(r|z){2})$|^\\\\d{3}-\\\\w"}` | "foo" ; "barz" ; "123-_x" | "bar" ; "12-a"
            {"type":"string","pattern":"^[^\\"\\\\\\\\]*\\\\t$"} | "ab\\t" | "a\\"\\t" ; "ab"
            {"type":"string","format":"date"} | "2024-02-29" ; "2000-02-29" ; "1999-12-31" | "2023-02-29" ; "1900-02-29" ; "2024-13-01" ; "2024-04-31"
            {"type":"string","format":"time"} | "23:59:59Z" ; "00:00:00.123+01:30" | "24:00:00Z" ; "12:00Z" ; "12:00:00"
            {"type":"string","format":"date-time"} | "2024-02-29T12:00:00Z" | "2024-02-30T12:00:00Z" ; "2024-02-29 12:00:00Z"
            {"type":"string","format":"uuid"} | "123e4567-e89b-12d3-a456-426614174000" | "123e4567e89b12d3a456426614174000"
            {"type":"integer","minimum":-3,"maximum":12} | -3 ; 0 ; 9 ; 12 ; -1 | -4 ; 13 ; 100 ; -0 ; 1.0
            {"type":"integer","exclusiveMinimum":99,"exclusiveMaximum":1001} | 100 ; 999 ; 1000 | 99 ; 1001
            {"type":"integer","minimum":1.5} | 2 ; 1000000 | 1 ; 0 ; -7
            {"type":"integer","maximum":-10} | -10 ; -999 | -9 ; 0 ; 5
            {"type":"number","minimum":-0.5,"exclusiveMaximum":2.25} | -0.5 ; -0.25 ; 0 ; 2 ; 2.2499 ; 1.99 | -0.51 ; 2.25 ; 2.3 ; 3
            {"type":"number","exclusiveMinimum":0} | 0.001 ; 5 ; 17.5 | 0 ; 0.0 ; -1
            {"type":"number","minimum":1.23,"maximum":1.25} | 1.23 ; 1.2300 ; 1.245 ; 1.25 ; 1.250 | 1.2 ; 1 ; 1.251 ; 1.229
            {"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3} | [1] ; [1, 2,3] | [] ; [1,2,3,4] ; ["a"] ; [1,]
            {"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false} | [] ; [1] ; [1,"a"] | ["a"] ; [1,"a",2]
            {"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"minItems":2} | [1,"a"] ; [1,"a",null] | [1] ; []
            {"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"maxItems":1} | [] ; [1] | [1,"a"]
            {"type":"array","items":{"type":"null"},"uniqueItems":false} | [null,null] | [1]
            {"properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["b"]} | {"b":"x"} ; {"a":1, "b":"x"} | {} ; {"a":1} ; {"b":"x","a":1} ; {"b":"x","c":1} ; 1
            {"type":"object","properties":{"a":{},"b":{},"c":{}}} | {} ; {"c":1} ; {"a":1,"c":2} ; {"a":1,"b":2,"c":3} | {"c":1,"b":2} ; {"a":1,} ; {,"b":1}
            {"type":"object","properties":{"ab":{"type":"integer"}},"additionalProperties":{"type":"string"}} | {"ab":1,"x":"y","a":"z","abc":"w"} ; {"":"e"} | {"ab":"s"} ; {"x":1} ; {"ab":1,"ab":"s"}
            {"type":"object","additionalProperties":{"type":"integer"},"minProperties":1,"maxProperties":2} | {"a":1} ; {"a":1,"b":2} | {} ; {"a":1,"b":2,"c":3} ; {"a":"b"}
            {"type":"object"} | {} ; {"a":{"b":1}} | []
            {"type":"object","required":["a"]} | {"a":1} | {} ; {"b":1}
            {"type":"object","properties":{"a":false,"b":true}} | {} ; {"b":1} | {"a":1}
            {"anyOf":[{"type":"integer"},{"type":"array","items":{"$ref":"#"}}]} | 1 ; [1,[2,[]]] | "a" ; ["a"]
            {"oneOf":[{"type":"integer"},{"type":"string"}]} | 1 ; "a" | null
            {"oneOf":[{"properties":{"k":{"const":"a"},"n":{"type":"integer"}},"required":["k"]},{"properties":{"k":{"const":"b"}},"required":["k"]}]} | {"k":"a","n":1} ; {"k":"b"} | {"k":"b","n":1} ; {"k":"c"}
            {"allOf":[{"type":["integer","string"]},{"minimum":5,"type":["number","null"]}]} | 5 ; 70 | 4 ; "a" ; null
            {"allOf":[{"properties":{"a":{"minimum":1,"type":"integer"}}},{"properties":{"a":{"maximum":3},"b":{"type":"null"}},"required":["a"]}]} | {"a":3} ; {"a":1,"b":null} | {"a":4} ; {}
            {"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"anyOf":[{"required":["a"]},{"required":["b"]}]} | {"a":1} ; {"b":1} ; {"a":1,"b":2} | {}
            {"$defs":{"n":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/n"},{"type":"null"}]}},"required":["v"]}},"$ref":"#/$defs/n"} | {"v":1} ; {"v":1,"next":{"v":2,"next":null}} | {"next":null} ; {"v":1,"next":1}
            {"definitions":{"a/b~c %":{"type":"boolean"}},"items":{"$ref":"#/definitions/a~1b~0c%20%25"}} | [true] | [1]
            {"$ref":"#/$defs/s","minLength":2,"$defs":{"s":{"type":"string"}}} | "ab" | "a" ; 1
            {"type":"string","const":"a\\"b\\\\\\u0001"} | "a\\"b\\\\\\u0001" | "a"
            """)
    void aSchemaAllowsExactlyTheseTexts(String schema, String valid, String invalid) {
        Texts texts = texts(schema);
        for (String text : valid.split(" ; ", -1)) {
            assertThat(texts.accepts(text.strip()))
                    .as("%s allows %s", schema, text)
                    .isTrue();
        }
        for (String text : invalid.split(" ; ", -1)) {
            assertThat(texts.accepts(text.strip()))
                    .as("%s forbids %s", schema, text)
                    .isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"properties":{"a/b":{"not":{}}}} | #/properties/a~1b/not uses a keyword that is not supported
            {"items":{"anyOf":[{"type":"object"},{"multipleOf":2}]}} | #/items/anyOf/1/multipleOf uses a keyword that is not supported
            {"$defs":{"x":{"if":true}}} | #/$defs/x/if uses a keyword that is not supported
            {"patternProperties":{}} | #/patternProperties uses
            {"uniqueItems":true} | #/uniqueItems uses
            {"nullable":true} | use "type": ["…", "null"]
            {"minlength":2} | #/minlength is no keyword of JSON Schema
            {"type":"text"} | #/type must be one of array, boolean, integer
            {"minLength":-1} | #/minLength must be a whole number from 0
            {"minimum":"1"} | #/minimum must be a number
            {"exclusiveMinimum":true} | #/exclusiveMinimum must be a number
            {"properties":[]} | #/properties must be an object
            {"anyOf":[]} | #/anyOf must be a list that is not empty
            {"items":[{}]} | use prefixItems
            {"format":"email"} | #/format is "email", which is not supported; supported are date, date-time, time, uuid
            {"$ref":"https://example.com/s"} | only places in the same schema
            {"$ref":"#/$defs/none"} | which is not there
            {"$ref":"#"} | left-recursive
            {"anyOf":[{"$ref":"#"},{"type":"null"}]} | left-recursive
            {"allOf":[{"$ref":"#"}]} | refers to itself without end
            {"oneOf":[{"type":"integer"},{"type":"number"}]} | #/oneOf cannot be used: its schemas 0 and 1 may hold together
            {"pattern":"a(?=b)"} | #/pattern cannot be used: of the groups that begin with (? only (?: is supported, at character 4
            {"pattern":"(a)\\\\1"} | this escape is not supported
            {"pattern":"a{2,1}"} | a quantifier has the form
            {"pattern":"["} | a class is not closed
            {"pattern":"(a"} | a group is not closed
            {"pattern":"a)"} | no group is open
            {"pattern":"a**"} | two quantifiers
            {"pattern":"a","minLength":2} | has pattern and a length, which are not supported together
            {"enum":["a"],"minLength":2} | has enum or const and minLength
            {"properties":{"a":{},"b":{}},"maxProperties":1} | say it with required
            {"type":"integer","minimum":3,"maximum":2} | can never be satisfied
            {"type":"object","properties":{"a":false},"required":["a"]} | can never be satisfied
            {"allOf":[{"type":"string"},{"type":"integer"}]} | can never be satisfied
            3 | # must be an object, true or false
            """)
    void whatIsNotSupportedIsRefusedWithItsPlace(String schema, String message) {
        assertThatThrownBy(() -> texts(schema))
                .isInstanceOf(EngineException.class)
                .hasMessageNotContaining("\n")
                .hasMessageContaining(message);
    }

    @Test
    void deepAndLargeSchemasAreRefused() {
        assertThatThrownBy(() -> texts("{\"items\":".repeat(900) + "{}" + "}".repeat(900)))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("too large");
        assertThatThrownBy(() -> texts("{\"type\":\"string\",\"maxLength\":2000000}"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("at most 100000 times");
        assertThatThrownBy(() -> texts("{\"pattern\":\"" + "a".repeat(1_000_000) + "\"}"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("at most 10000");
        String doubling = "{\"anyOf\":[{\"minLength\":1},{\"maxLength\":9}]}";
        assertThatThrownBy(() -> texts("{\"allOf\":[" + (doubling + ",").repeat(30) + doubling + "]}"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("more than 500 alternatives");
        assertThatThrownBy(() -> texts("{\"const\":" + "[".repeat(300) + "]".repeat(300) + "}"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("nested");
        assertThatThrownBy(
                        () -> texts("{\"additionalProperties\":true,\"properties\":{\"" + "n".repeat(3000) + "\":{}}}"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("name");
    }

    @Test
    void manyOptionalPropertiesStayManageable() {
        StringBuilder schema = new StringBuilder("{\"properties\":{\"p\":{\"type\":\"null\"}");
        for (int i = 0; i < 2000; i++) {
            schema.append(",\"p").append(i).append("\":{\"type\":\"integer\"}");
        }
        Texts texts = texts(schema.append("}}").toString());
        assertThat(texts.accepts("{}")).isTrue();
        assertThat(texts.accepts("{\"p7\":1,\"p1999\":2}")).isTrue();
        assertThat(texts.accepts("{\"p1999\":2,\"p7\":1}")).isFalse();
    }

    @Test
    void mutuallyMergedRecursionEnds() {
        Texts texts = texts("""
                {"$defs": {
                   "a": {"type": "object", "properties": {"c": {"$ref": "#/$defs/a"}, "x": {"type": "integer"}}},
                   "b": {"type": "object", "properties": {"c": {"$ref": "#/$defs/b"}, "x": {"minimum": 3}}, "required": ["x"]}},
                 "allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]}
                """);
        assertThat(texts.accepts("{\"c\":{\"c\":{\"x\":5},\"x\":4},\"x\":3}")).isTrue();
        assertThat(texts.accepts("{\"c\":{\"x\":2},\"x\":3}")).isFalse();
        assertThat(texts.accepts("{\"c\":{},\"x\":3}")).isFalse();
    }
}
