package org.llmspell.engine.reply;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.engine.reply.Replies.Whole;

class ReplyReaderTest {
    private static final String HERMES = "<tool_call>";
    private static final String CALL =
            "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": 2}}</tool_call>";

    private static List<String> answers(List<ReplyPart> parts) {
        return parts.stream().map(ReplyPart::source).toList();
    }

    @Test
    void passesTextOnAtOnceAndHoldsBackWhatMayBeginAMarker() {
        ReplyReader reader = Replies.shape(HERMES).reader();
        assertThat(answers(reader.next("Hello"))).containsExactly("Hello");
        assertThat(answers(reader.next(" you <b>and <tool"))).containsExactly(" you <b>and");
        assertThat(answers(reader.next("box>"))).containsExactly(" <toolbox>");
        assertThat(answers(reader.next(" <tool_ca"))).isEmpty();
        assertThat(answers(reader.finish())).containsExactly(" <tool_ca");
    }

    @Test
    void givesACallAsSoonAsItIsWhole() {
        ReplyReader reader = Replies.shape(HERMES).reader();
        assertThat(reader.next(CALL.substring(0, CALL.length() - 1))).isEmpty();
        assertThat(reader.next(">")).singleElement().isInstanceOf(ReplyPart.Calls.class);
    }

    @Test
    void aMarkerInsideOfAStringEndsNothing() {
        String reply =
                "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"a</tool_call>\\\"{[b\"}}</tool_call>!";
        Whole read = Replies.read(Replies.shape(HERMES), reply);
        assertThat(read.named()).isEqualTo(List.of(List.of("get_weather", Map.of("city", "a</tool_call>\"{[b"))));
        assertThat(read.answer()).isEqualTo("!");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<tool_call>",
                "<tool_call></tool_call>",
                "<tool_call>now</tool_call> and on",
                "<tool_call>{\"name\": \"add\"</tool_call> and on",
                "<tool_call>{\"arguments\": {}}</tool_call>",
                "<tool_call>{\"name\": \"add\", \"arguments\": 5}</tool_call>",
                "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": \"b}}</tool_call> and on",
                "<tool_call>[1, 2]</tool_call>",
                "<tool_call>[]</tool_call>",
                "<tool_call>{\"name\": \"add\", \"arguments\": {}} but</tool_call>",
                "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1",
            })
    void aBrokenCallIsText(String reply) {
        for (List<String> pieces : List.of(List.of(reply), Replies.characters(reply))) {
            Whole read = Replies.read(Replies.shape(HERMES), pieces);
            assertThat(read.calls()).isEmpty();
            assertThat(read.answer()).isEqualTo(reply);
        }
    }

    @Test
    void afterABrokenCallTheNextIsStillRead() {
        Whole read = Replies.read(Replies.shape(HERMES), "<tool_call>{\"a\": \"</tool_call>\n" + CALL + "\nDone.");
        assertThat(read.named()).isEqualTo(List.of(List.of("add", Map.of("a", 1L, "b", 2L))));
        assertThat(read.answer()).isEqualTo("<tool_call>{\"a\": \"</tool_call>Done.");
    }

    /** A call that was cut off may lack arguments. */
    @Test
    void aCallCutOffBetweenItsArgumentsIsText() {
        String reply = "<tool_call>\n<function=add>\n<parameter=a>\n1\n</parameter>";
        Whole read = Replies.read(Replies.shape("<tool_call> <function= <parameter="), reply);
        assertThat(read.calls()).isEmpty();
        assertThat(read.answer()).isEqualTo(reply);
    }

    @Test
    void unknownToolsAreCallsBetweenMarkersAndTextInBareJson() {
        String json = "{\"name\": \"fly\", \"arguments\": {}}";
        assertThat(Replies.read(Replies.shape(HERMES), "<tool_call>" + json + "</tool_call>")
                        .calls())
                .hasSize(1);
        ReplyShape generic = ReplyShape.of("", true, Replies.TOOLS, "", 0);
        assertThat(Replies.read(generic, json).calls()).isEmpty();
        assertThat(Replies.read(generic, json).answer()).isEqualTo(json);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": 2}}",
                "Sure:\n{\"name\": \"add\", \"parameters\": {\"a\": 1, \"b\": 2}}",
                "```json\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": 2}}\n```",
                "```tool_code\nadd(a=1, b=2)\n```",
                "```tool_code\nprint(add(a=1, b=2))\n```",
                "```tool_call\n[{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": 2}}]\n```",
                "```\n[\n  {\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": 2}}\n]\n```",
                "{\"tool_calls\": [{\"function\": {\"name\": \"add\", \"arguments\": \"{\\\"a\\\": 1, \\\"b\\\": 2}\"}}]}",
                "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": 2}}\n</tool_call>",
            })
    void modelsWithoutAFormOfTheirOwnMayUseTheUsualOnes(String reply) {
        ReplyShape generic = ReplyShape.of("", true, Replies.TOOLS, "", 0);
        for (List<String> pieces : List.of(List.of(reply), Replies.characters(reply))) {
            Whole read = Replies.read(generic, pieces);
            assertThat(read.named()).isEqualTo(List.of(List.of("add", Map.of("a", 1L, "b", 2L))));
            assertThat(read.answer()).isEqualTo(reply.startsWith("Sure") ? "Sure:" : "");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\n  \"colour\": \"red\"\n}",
                "```json\n{\"name\": \"Bob\"}\n```\nThat is all.",
                "```python\nprint(sum([1, 2]))\n```",
                "[1, 2]\n[a](b)\n{x}",
                "int main() {\n  return 0;\n}",
            })
    void otherJsonAndCodeIsAnAnswer(String reply) {
        ReplyShape generic = ReplyShape.of("", true, Replies.TOOLS, "", 0);
        for (List<String> pieces : List.of(List.of(reply), Replies.characters(reply))) {
            assertThat(Replies.read(generic, pieces).answer()).isEqualTo(reply);
        }
    }

    @Test
    void aThoughtThatThePromptHasOpenedNeedsNoOpening() {
        ReplyShape shape = ReplyShape.of("<think> " + HERMES, false, Replies.TOOLS, "<|assistant|>\n<think>\n", 0);
        assertThat(Replies.read(shape, "\nHm. <tool_call>?\n</think>\n\nYes."))
                .isEqualTo(new Whole("Yes.", "Hm. <tool_call>?", List.of(), "\nHm. <tool_call>?\n</think>\n\nYes."));
        assertThat(Replies.read(shape, Replies.characters("<think>\nHm.</think>Yes."))
                        .thought())
                .isEqualTo("Hm.");
        assertThat(Replies.read(shape, "never ends").thought()).isEqualTo("never ends");
    }

    @Test
    void aThoughtStandsAtTheBeginningAndTalkAboutItIsText() {
        ReplyShape shape = Replies.shape("<think>");
        String reply = "The tag <think> opens, </think> closes.";
        assertThat(Replies.read(shape, reply).answer()).isEqualTo(reply);
        assertThat(Replies.read(shape, "</think>\n\nYes.").answer()).isEqualTo("Yes.");
    }

    @Test
    void aPlainReplyIsNotTouched() {
        String reply = " \n<think>x</think>" + CALL + " ";
        assertThat(Replies.read(ReplyShape.PLAIN, Replies.characters(reply)).answer())
                .isEqualTo(reply);
    }

    @Test
    void untypedArgumentsAreOfTheTypeThatTheSchemaSays() {
        String reply = "<tool_call>get_weather<arg_key>city</arg_key><arg_value>75001</arg_value>"
                + "<arg_key>days</arg_key><arg_value>2</arg_value><arg_key>x</arg_key><arg_value>[1</arg_value></tool_call>";
        assertThat(Replies.read(Replies.shape("<tool_call> <arg_key>"), reply).named())
                .isEqualTo(List.of(List.of("get_weather", Map.of("city", "75001", "days", 2L, "x", "[1"))));
    }

    /** Nothing is lost, nothing is thrown, and cuts make no difference, whatever a model writes. */
    @Test
    void anyTextComesOutAsItWentIn() {
        Random random = new Random(7);
        for (String signs : Fuzz.SIGNS) {
            for (int round = 0; round < 150; round++) {
                String reply = Fuzz.reply(random);
                boolean opened = random.nextInt(4) == 0;
                ReplyShape shape = ReplyShape.of(
                        signs,
                        random.nextBoolean(),
                        random.nextInt(5) == 0 ? List.of() : Replies.TOOLS,
                        opened ? "<think>" : "",
                        0);
                Whole whole = Replies.read(shape, reply);
                assertThat(whole.source()).isEqualTo(reply);
                assertThat(Replies.read(shape, Replies.characters(reply)))
                        .as("%s: %s", signs, reply)
                        .isEqualTo(whole);
                assertThat(Replies.read(shape, Fuzz.pieces(random, reply))).isEqualTo(whole);
            }
        }
    }

    /** Random replies out of the markers of all families and what stands between them. */
    private static final class Fuzz {
        static final List<String> SIGNS = List.of(
                "",
                "<tool_call>",
                "<tool_call> <function= <parameter=",
                "<function=",
                "<tool_call> <arg_key>",
                "[TOOL_CALLS] [THINK]",
                "<|channel|> <|message|>",
                "<|start|>assistant to= <|message|>",
                "<|channel> <|tool_call>call:",
                "<｜tool▁call▁begin｜>",
                "<|tool_call_start|>",
                "<minimax:tool_call>",
                "<|START_ACTION|> <|START_THINKING|>",
                "Action: \"tool_name\"",
                "<|start_header_id|> \"parameters\"",
                "[BEGIN FINAL RESPONSE] <tool_calls>",
                "<|tool_call:begin|> <|think|>",
                "<|/tool|>");

        private static final List<String> PIECES = pieces();

        private static List<String> pieces() {
            List<String> pieces = new ArrayList<>(List.of(
                    " ",
                    "\n",
                    "Hello",
                    "a",
                    "{",
                    "}",
                    "[",
                    "]",
                    "(",
                    ")",
                    "\"",
                    "'",
                    "\\",
                    ":",
                    ",",
                    "1",
                    "-2.5",
                    "null",
                    "é🦙",
                    "<",
                    ">",
                    "|",
                    "`",
                    "```",
                    "```json\n",
                    "```tool_code\n",
                    "name",
                    "add",
                    "get_weather",
                    ";",
                    "{\"name\": \"add\", \"arguments\": {\"a\": 1}}",
                    "{\"a\": 1, \"b\": 2}",
                    "add(a=1, b='x')",
                    "{\"name\": \"add\", \"parameters\": {}}",
                    "{city:<|\"|>P<|\"|>}",
                    "<|\"|>",
                    "<think>",
                    "</think>",
                    "assistant",
                    " to=functions.add",
                    "analysis",
                    "final",
                    "<function=add>",
                    "</function>",
                    "<parameter=a>",
                    "</parameter>",
                    "<arg_key>a</arg_key>",
                    "<arg_value>1</arg_value>",
                    "[ARGS]",
                    "call:add",
                    "functools",
                    "function<｜tool▁sep｜>add\n```json\n",
                    "<invoke name=\"add\">",
                    "</invoke>",
                    "Action:",
                    "</tool_calls>",
                    "Here are my reasoning steps:",
                    "[BEGIN FINAL RESPONSE]"));
            for (String signs : SIGNS) {
                ReplyShape shape = ReplyShape.of(signs, true, Replies.TOOLS, "", 0);
                shape.markers().stream().filter(marker -> !marker.isEmpty()).forEach(pieces::add);
            }
            return pieces;
        }

        static String reply(Random random) {
            StringBuilder reply = new StringBuilder();
            for (int i = random.nextInt(14); i >= 0; i--) {
                String piece = PIECES.get(random.nextInt(PIECES.size()));
                reply.append(random.nextInt(12) == 0 ? piece.substring(random.nextInt(piece.length())) : piece);
            }
            return reply.toString();
        }

        static List<String> pieces(Random random, String reply) {
            List<String> pieces = new ArrayList<>();
            for (int at = 0; at < reply.length(); ) {
                int end = Math.min(reply.length(), at + 1 + random.nextInt(9));
                pieces.add(reply.substring(at, end));
                at = end;
            }
            return pieces;
        }
    }
}
