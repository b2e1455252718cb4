package org.llmspell.engine.reply;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.reply.Replies.Whole;

/**
 * Replies as the models write them, by family; the examples are those of the models' own documentation and templates, with our
 * two tools in them.
 */
class FamiliesTest {
    private static final String HARMONY = "<|channel|> <|message|>";
    private static final List<Object> PARIS = List.of("get_weather", Map.of("city", "Paris", "days", 2L));
    private static final List<Object> SUM = List.of("add", Map.of("a", 1L, "b", 2L));

    /** A reply, and what it says: signs of the template, the reply, answer, thought, calls. */
    record Example(String signs, String reply, String answer, String thought, List<Object> calls) {
        @Override
        public String toString() {
            return reply;
        }

        ReplyShape shape() {
            return Replies.shape(signs);
        }
    }

    private static Example example(String signs, String reply, String answer, String thought, Object... calls) {
        return new Example(signs, reply, answer, thought, List.of(calls));
    }

    static Stream<Example> examples() {
        return Stream.of(
                example("<tool_call>", "Hello, <b>you</b> & co.\n\nBye. ", "Hello, <b>you</b> & co.\n\nBye. ", ""),
                // Hermes, Qwen 2.5 and 3
                example(
                        "<tool_call>",
                        "<think>\nA city.\n</think>\n\nI look.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\", \"days\": 2}}\n</tool_call>\n<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": 2}}\n</tool_call>",
                        "I look.",
                        "A city.",
                        PARIS,
                        SUM),
                example(
                        "<tool_call>",
                        "<tool_call>{'name': 'get_weather', 'arguments': \"{\\\"city\\\": \\\"Paris\\\", \\\"days\\\": 2}\"}",
                        "",
                        "",
                        PARIS),
                // Qwen 3 Coder, with and without its outer tag
                example(
                        "<tool_call> <function= <parameter=",
                        "Ok.\n<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
                        "Ok.",
                        "",
                        PARIS),
                example(
                        "<tool_call> <function= <parameter=",
                        "<function=add>\n<parameter=a>\n1\n</parameter>\n<parameter=b>\n2\n</parameter>\n</function>\n</tool_call>",
                        "",
                        "",
                        SUM),
                // Llama 3
                example(
                        "<|start_header_id|> \"parameters\"",
                        "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Paris\", \"days\": 2}}",
                        "",
                        "",
                        PARIS),
                example(
                        "<|start_header_id|> \"parameters\"",
                        "<|python_tag|>{\"type\": \"function\", \"name\": \"add\", \"parameters\": {\"a\": 1, \"b\": 2}}",
                        "",
                        "",
                        SUM),
                example(
                        "<|start_header_id|> \"parameters\"",
                        "<|python_tag|>get_weather(city=\"Paris\", days=2)",
                        "",
                        "",
                        PARIS),
                example(
                        "<|start_header_id|> \"parameters\"",
                        "{\"name\": \"add\", \"parameters\": {\"a\": 1, \"b\": 2}}; {\"name\": \"get_weather\", \"parameters\": {\"city\": \"Paris\", \"days\": 2}}",
                        "",
                        "",
                        SUM,
                        PARIS),
                example(
                        "<|start_header_id|> \"parameters\"",
                        "{\"name\": \"Bob\", \"age\": 5}",
                        "{\"name\": \"Bob\", \"age\": 5}",
                        ""),
                // Mistral, its lists and its names
                example(
                        "[TOOL_CALLS]",
                        "[TOOL_CALLS] [{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\", \"days\": 2}, \"id\": \"abcdefgh1\"}, {\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": 2}}]",
                        "",
                        "",
                        PARIS,
                        SUM),
                example(
                        "[TOOL_CALLS] [THINK]",
                        "[THINK]Hm.[/THINK]Well[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Paris\", \"days\": 2}[TOOL_CALLS]add[CALL_ID]abcdefgh1[ARGS]{\"a\": 1, \"b\": 2}",
                        "Well",
                        "Hm.",
                        PARIS,
                        SUM),
                // gpt-oss
                example(
                        HARMONY,
                        "<|channel|>analysis<|message|>We need it.<|end|><|start|>assistant<|channel|>final<|message|>It is sunny.",
                        "It is sunny.",
                        "We need it."),
                example(
                        HARMONY,
                        "<|channel|>analysis<|message|>Call.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{\"city\": \"Paris\", \"days\": 2}",
                        "",
                        "Call.",
                        PARIS),
                example(
                        HARMONY,
                        " to=functions.add<|channel|>commentary json<|message|>{\"a\": 1, \"b\": 2}<|call|>",
                        "",
                        "",
                        SUM),
                example(
                        HARMONY,
                        "<|channel|>commentary<|message|>First a look.<|end|><|start|>assistant to=functions.add<|channel|>commentary<|message|>{\"a\": 1, \"b\": 2}",
                        "First a look.",
                        "",
                        SUM),
                example(HARMONY, "No headers at all.", "No headers at all.", ""),
                // Gemma 4
                example(
                        "<|channel> <|tool_call>call:",
                        "<|channel>thought\nHm.\n<channel|><|tool_call>call:get_weather{city:<|\"|>Paris<|\"|>,days:2}<tool_call|>",
                        "",
                        "Hm.",
                        PARIS),
                // Phi 4 mini, Phi 3.5
                example(
                        "<|/tool|>",
                        "<|tool_call|>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\", \"days\": 2}}]<|/tool_call|>",
                        "",
                        "",
                        PARIS),
                example(
                        "<|/tool|>",
                        "functools[{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": 2}}]",
                        "",
                        "",
                        SUM),
                // Granite 3
                example(
                        "<|tool_call|>",
                        "<|tool_call|>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\", \"days\": 2}}, {\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": 2}}]",
                        "",
                        "",
                        PARIS,
                        SUM),
                example("<|tool_call|> <response>", "<think>Hm.</think><response>Yes.</response>", "Yes.", "Hm."),
                example(
                        "Here is my thought process:",
                        "Here is my thought process: Hm.\n\nHere is my response: Yes.",
                        "Yes.",
                        "Hm."),
                // DeepSeek R1 and V3, V3.1, V3.2
                example(
                        "<｜tool▁call▁begin｜>",
                        "<think>\nHm.\n</think>\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{\"city\": \"Paris\", \"days\": 2}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>add\n```json\n{\"a\": 1, \"b\": 2}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
                        "",
                        "Hm.",
                        PARIS,
                        SUM),
                example(
                        "<｜tool▁call▁begin｜>",
                        "Ok<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>add<｜tool▁sep｜>{\"a\": 1, \"b\": 2}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
                        "Ok",
                        "",
                        SUM),
                example(
                        "DSML tool_calls",
                        "<｜DSML｜tool_calls>\n<｜DSML｜invoke name=\"get_weather\">\n<｜DSML｜parameter name=\"city\" string=\"true\">Paris</｜DSML｜parameter>\n<｜DSML｜parameter name=\"days\" string=\"false\">2</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜tool_calls>",
                        "",
                        "",
                        PARIS),
                // Command R and R7B
                example(
                        "Action: \"tool_name\"",
                        "Action:\n```json\n[\n    {\n        \"tool_name\": \"get_weather\",\n        \"parameters\": {\"city\": \"Paris\", \"days\": 2}\n    }\n]\n```",
                        "",
                        "",
                        PARIS),
                example(
                        "<|START_ACTION|> <|START_THINKING|>",
                        "<|START_THINKING|>Hm.<|END_THINKING|><|START_ACTION|>[\n    {\"tool_call_id\": \"0\", \"tool_name\": \"add\", \"parameters\": {\"a\": 1, \"b\": 2}}\n]<|END_ACTION|>",
                        "",
                        "Hm.",
                        SUM),
                example(
                        "<|START_ACTION|> <|START_THINKING|>",
                        "<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>Yes.<|END_RESPONSE|>",
                        "Yes.",
                        "Hm."),
                // GLM 4.5 and after
                example(
                        "<tool_call> <arg_key>",
                        "<think>Hm.</think>Ok.\n<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n</tool_call>",
                        "Ok.",
                        "Hm.",
                        PARIS),
                // Kimi K2
                example(
                        "<|tool_call_argument_begin|>",
                        "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{\"city\": \"Paris\", \"days\": 2}<|tool_call_end|><|tool_calls_section_end|>",
                        "",
                        "",
                        PARIS),
                // LFM 2
                example(
                        "<|tool_call_start|>",
                        "<|tool_call_start|>[get_weather(city=\"Paris\", days=2), add(a=1, b=2)]<|tool_call_end|>Looking.",
                        "Looking.",
                        "",
                        PARIS,
                        SUM),
                // Models that reason in the open
                example(
                        "[BEGIN FINAL RESPONSE] <tool_calls>",
                        "Here are my reasoning steps:\nHm.\n[BEGIN FINAL RESPONSE]\nYes.\n[END FINAL RESPONSE]",
                        "Yes.",
                        "Hm."),
                example(
                        "<seed:tool_call>",
                        "<seed:tool_call>\n<function=add>\n<parameter=a>1</parameter>\n<parameter=b>2</parameter>\n</function>\n</seed:tool_call>",
                        "",
                        "",
                        SUM));
    }

    @ParameterizedTest
    @MethodSource("examples")
    void areReadAsTheyWereMeant(Example example) {
        check(example, List.of(example.reply));
    }

    @ParameterizedTest
    @MethodSource("examples")
    void areReadTheSameHoweverTheyAreCut(Example example) {
        String reply = example.reply;
        for (int at = 0; at <= reply.length(); at++) {
            check(example, List.of(reply.substring(0, at), reply.substring(at)));
        }
        check(example, Replies.characters(reply));
        Random random = new Random(reply.length());
        for (int i = 0; i < 20; i++) {
            List<String> pieces = new ArrayList<>();
            for (int at = 0; at < reply.length(); ) {
                int end = Math.min(reply.length(), at + random.nextInt(8));
                pieces.add(reply.substring(at, end));
                at = end;
            }
            check(example, pieces);
        }
    }

    private static void check(Example example, List<String> pieces) {
        Whole read = Replies.read(example.shape(), pieces);
        assertThat(read.named()).isEqualTo(example.calls);
        assertThat(read.answer()).isEqualTo(example.answer);
        assertThat(read.thought()).isEqualTo(example.thought);
        assertThat(read.source()).isEqualTo(example.reply);
    }

    /** Without tools nothing is a call, so that a model may explain how it calls them. */
    @ParameterizedTest
    @MethodSource("examples")
    void giveNoCallsWithoutTools(Example example) {
        ReplyShape shape = ReplyShape.of(example.signs, false, List.of(), "", 0);
        Whole read = Replies.read(shape, example.reply);
        assertThat(read.calls()).isEmpty();
        assertThat(read.thought()).startsWith(example.thought);
        assertThat(read.source()).isEqualTo(example.reply);
    }

    @Test
    void keepTheIdsThatModelsGiveWhereTheirTemplatesTakeThem() {
        String list = "[TOOL_CALLS] [{\"name\": \"add\", \"arguments\": {}, \"id\": \"%s\"}]";
        ReplyShape mistral = ReplyShape.of("[TOOL_CALLS]", false, Replies.TOOLS, "", 4);
        assertThat(Replies.read(mistral, list.formatted("abcdefgh1")).calls())
                .extracting(ToolCall::id)
                .containsExactly("abcdefgh1");
        assertThat(Replies.read(mistral, list.formatted("short")).calls())
                .extracting(ToolCall::id)
                .containsExactly("call00005");
        ReplyShape kimi = ReplyShape.of("<|tool_call_argument_begin|>", false, Replies.TOOLS, "", 4);
        assertThat(Replies.read(kimi, "<|tool_call_begin|>add<|tool_call_argument_begin|>{}<|tool_call_end|>")
                        .calls())
                .extracting(ToolCall::id)
                .containsExactly("functions.add:4");
    }
}
