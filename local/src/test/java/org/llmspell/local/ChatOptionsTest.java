package org.llmspell.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.SamplingOptions;
import org.llmspell.engine.Thinking;

class ChatOptionsTest {
    @Test
    void readsEveryOptionIntoItsPlace() {
        Map<String, Object> given = new HashMap<>();
        given.put("temperature", 0.25);
        given.put("max_tokens", 7L);
        given.put("top_k", 3.0);
        given.put("top_p", 0.5);
        given.put("min_p", 0.0625);
        given.put("typical_p", 0.75);
        given.put("repeat_penalty", 1.5);
        given.put("repeat_last_n", -1);
        given.put("presence_penalty", -1.25);
        given.put("frequency_penalty", 2);
        given.put("seed", 42L);
        given.put("stop", List.of("###", "\n\n"));
        given.put("logprobs", 5);
        given.put("logit_bias", Map.of("17", -100, 18L, 2.5, 19.0, 1));
        given.put("context_length", 2048L);
        given.put("keep_alive", "1h30m");
        given.put("raw", true);
        given.put("format", "{\"type\": \"object\"}");
        given.put("think", "high");
        given.put("draft_tokens", 4L);
        assertThat(given.keySet())
                .as("every option is tried here")
                .containsExactlyInAnyOrderElementsOf(ChatOption.BY_NAME.keySet().stream()
                        .filter(name -> !name.equals("grammar")) // which excludes format
                        .toList());

        ChatOptions options = ChatOptions.parse(given);

        assertThat(options)
                .isEqualTo(new ChatOptions(
                        new SamplingOptions(
                                0.25,
                                3,
                                0.5,
                                0.0625,
                                0.75,
                                1.5,
                                -1,
                                -1.25,
                                2,
                                OptionalLong.of(42),
                                List.of("###", "\n\n"),
                                7,
                                5,
                                Map.of(17, -100.0, 18, 2.5, 19, 1.0)),
                        true,
                        Thinking.HIGH,
                        2048,
                        4,
                        Duration.ofMinutes(90),
                        new OutputFormat.Schema(Map.of("type", "object"))));
        ModelSpec model = ModelSpec.parse("x");
        List<ChatMessage> messages = List.of(ChatMessage.user("hi"));
        assertThat(options.request(model, messages))
                .isEqualTo(new ChatRequest(
                        model,
                        messages,
                        List.of(),
                        Thinking.HIGH,
                        options.sampling(),
                        true,
                        2048,
                        4,
                        Duration.ofMinutes(90),
                        options.format()));
    }

    @Test
    void aFormatIsJsonASchemaOrAGrammar() {
        assertThat(ChatOptions.parse(Map.of("format", "json")).format()).isEqualTo(new OutputFormat.Json());
        assertThat(ChatOptions.parse(Map.of("format", " {\"type\": [\"string\", \"null\"]}"))
                        .format())
                .isEqualTo(new OutputFormat.Schema(Map.of("type", List.of("string", "null"))));
        assertThat(ChatOptions.parse(Map.of("format", Map.of("enum", List.of(1L))))
                        .format())
                .isEqualTo(new OutputFormat.Schema(Map.of("enum", List.of(1L))));
        assertThat(ChatOptions.parse(Map.of("grammar", "root ::= [0-9]")).format())
                .isEqualTo(new OutputFormat.Gbnf("root ::= [0-9]"));
    }

    @Test
    void aLaterFormatOrGrammarTakesThePlaceOfTheOneBefore() {
        ChatOptions json = ChatOptions.parse(Map.of("format", "json"));
        assertThat(json.with(Map.of("temperature", 0.5), List.of()).format()).isEqualTo(new OutputFormat.Json());
        assertThat(json.with(Map.of("grammar", "root ::= \"a\""), List.of()).format())
                .isEqualTo(new OutputFormat.Gbnf("root ::= \"a\""));
        assertThat(json.with(Map.of("format", "text"), List.of()).format()).isNull();
        assertThatThrownBy(() -> ChatOptions.parse(Map.of("format", "json", "grammar", "root ::= \"a\"")))
                .isInstanceOf(LocalModelException.class)
                .hasMessageContaining("format and grammar");
    }

    @Test
    void aFormatThatIsNoneIsNamed() {
        assertThatThrownBy(() -> ChatOptions.parse(Map.of("format", "yaml")))
                .hasMessage("Option format must be \"json\", \"text\" or a JSON Schema, as a table or as JSON text, got"
                        + " \"yaml\"");
        assertThatThrownBy(() -> ChatOptions.parse(Map.of("format", "{\"type\": }")))
                .isInstanceOf(LocalModelException.class)
                .hasMessageStartingWith("Option format is no JSON Schema: ")
                .hasMessageContaining("line 1, column 10");
    }

    @Test
    void keepsTheDefaultsForWhatIsNotGiven() {
        assertThat(ChatOptions.parse(Map.of())).isEqualTo(ChatOptions.DEFAULTS);
        assertThat(ChatOptions.DEFAULTS.sampling().temperature()).isEqualTo(0.7);
        assertThat(ChatOptions.DEFAULTS.sampling().maxTokens()).isEqualTo(512);

        Map<String, Object> unset = new HashMap<>();
        unset.put("top_k", null);
        assertThat(ChatOptions.parse(unset)).isEqualTo(ChatOptions.DEFAULTS);
    }

    @Test
    void documentsTheDefaultsThatTheEngineHas() {
        Map<String, Object> documented = new HashMap<>();
        for (ChatOption option : ChatOption.ALL) {
            switch (option.defaultText()) {
                case "none", "the backend's", "the template's" -> {}
                default ->
                    documented.put(
                            option.name(),
                            option.type().readText(option.defaultText()).orElseThrow());
            }
        }
        // Values that differ from every default, so that only what is documented can bring the defaults back.
        ChatOptions other = ChatOptions.parse(Map.ofEntries(
                Map.entry("temperature", 2),
                Map.entry("max_tokens", 1),
                Map.entry("top_k", 1),
                Map.entry("top_p", 0.1),
                Map.entry("min_p", 0.1),
                Map.entry("typical_p", 0.1),
                Map.entry("repeat_penalty", 2),
                Map.entry("repeat_last_n", 1),
                Map.entry("presence_penalty", 1),
                Map.entry("frequency_penalty", 1),
                Map.entry("seed", 1),
                Map.entry("logprobs", 1),
                Map.entry("raw", true)));

        assertThat(other.with(documented, Set.of())).isEqualTo(ChatOptions.DEFAULTS);
    }

    @Test
    void changesOneOptionAndKeepsTheOthers() {
        ChatOptions first = ChatOptions.parse(Map.of("seed", 1, "keep_alive", -1));

        ChatOptions second = first.with(Map.of("temperature", 0, "seed", -1), Set.of());

        assertThat(second.sampling().temperature()).isZero();
        assertThat(second.sampling().seed()).isEmpty();
        assertThat(second.keepAlive()).isNegative();
        assertThat(first.sampling().seed()).hasValue(1);
    }

    @Test
    void takesOneStopTextAndAnEmptyLuaTable() {
        assertThat(ChatOptions.parse(Map.of("stop", "END")).sampling().stop()).containsExactly("END");
        assertThat(ChatOptions.parse(Map.of("stop", Map.of())).sampling().stop())
                .isEmpty();
        assertThat(ChatOptions.parse(Map.of("logprobs", true)).sampling().logprobs())
                .isZero();
        assertThat(ChatOptions.parse(Map.of("logprobs", false)).sampling().logprobs())
                .isEqualTo(-1);
    }

    static Stream<Arguments> wrong() {
        List<Arguments> cases = new ArrayList<>();
        cases.add(Arguments.of("temperature", "hot", "a number from 0 to 2, got \"hot\""));
        cases.add(Arguments.of("temperature", -0.1, "a number from 0 to 2, got -0.1"));
        cases.add(Arguments.of("temperature", 2.1, "a number from 0 to 2, got 2.1"));
        cases.add(Arguments.of("temperature", Double.NaN, "got NaN"));
        cases.add(Arguments.of("temperature", List.of(1), "got a list"));
        cases.add(Arguments.of("temperature", true, "got true"));
        cases.add(Arguments.of("top_p", 0, "a number over 0 to 1, got 0"));
        cases.add(Arguments.of("repeat_penalty", 0, "a number over 0, got 0"));
        cases.add(Arguments.of("repeat_penalty", Double.POSITIVE_INFINITY, "got Infinity"));
        cases.add(Arguments.of("top_k", -1, "a whole number from 0 up, got -1"));
        cases.add(Arguments.of("top_k", 1.5, "a whole number from 0 up, got 1.5"));
        cases.add(Arguments.of("max_tokens", 0, "a whole number from 1 up, or -1, got 0"));
        cases.add(Arguments.of("max_tokens", 1L << 40, "got 1099511627776"));
        cases.add(Arguments.of("max_tokens", 1e300, "got 1.0E300"));
        cases.add(Arguments.of("stop", List.of("a", 1), "a string or a list of at most 16 strings"));
        cases.add(Arguments.of("stop", "", "none of them empty"));
        cases.add(Arguments.of("stop", Map.of("a", "b"), "got a table"));
        cases.add(Arguments.of("logprobs", 21, "from 0 to 20"));
        cases.add(Arguments.of("logit_bias", Map.of("x", 1), "a table from token ids"));
        cases.add(Arguments.of("logit_bias", Map.of(1, 101), "from -100 to 100"));
        cases.add(Arguments.of("logit_bias", Map.of(-1, 1), "a table from token ids"));
        cases.add(Arguments.of("logit_bias", Map.of(1, "x"), "a table from token ids"));
        cases.add(Arguments.of("context_length", 0, "from 1 up"));
        cases.add(Arguments.of("draft_tokens", 8, "from 0 to 7"));
        cases.add(Arguments.of("keep_alive", "soon", "a duration such as \"5m\""));
        cases.add(Arguments.of("keep_alive", 1e300, "a duration such as \"5m\""));
        cases.add(Arguments.of("raw", "yes", "true or false, got \"yes\""));
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void refusesWrongValuesNamingOptionExpectedAndGot(String name, Object value, String reason) {
        LocalModelException refused =
                catchThrowableOfType(LocalModelException.class, () -> ChatOptions.parse(Map.of(name, value)));

        assertThat(refused.kind()).isEqualTo(LocalModelException.Kind.INVALID_REQUEST);
        assertThat(refused).message().startsWith("Option " + name + " must be ").contains(reason);
    }

    @Test
    void suggestsTheNearestNameForAnUnknownOption() {
        assertThat(unknown(Map.of("temprature", 1), Set.of()))
                .isEqualTo("Unknown option \"temprature\"; did you mean \"temperature\"?");
        assertThat(unknown(Map.of("max_token", 1), Set.of())).contains("\"max_tokens\"");
        assertThat(unknown(Map.of("system_promt", 1), Set.of("system_prompt", "name")))
                .contains("\"system_prompt\"");
        assertThat(unknown(Map.of("zzz", 1), Set.of("name")))
                .contains("known are context_length, draft_tokens, ")
                .contains("name, ");
        assertThat(unknown(Map.of("x".repeat(100_000), 1), Set.of())).hasSizeLessThan(500);
    }

    private static String unknown(Map<String, Object> options, Set<String> further) {
        return String.valueOf(
                catchThrowableOfType(LocalModelException.class, () -> ChatOptions.DEFAULTS.with(options, further))
                        .getMessage());
    }

    @Test
    void leavesKeysThatAreSomebodyElses() {
        assertThat(ChatOptions.DEFAULTS
                        .with(Map.of("name", "x", "top_k", 1), Set.of("name"))
                        .sampling()
                        .topK())
                .isEqualTo(1);
    }
}
