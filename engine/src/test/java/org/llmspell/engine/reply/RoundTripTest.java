package org.llmspell.engine.reply;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.ToolCall;
import org.llmspell.engine.template.ChatTemplate;
import org.llmspell.engine.template.Fragment;
import org.llmspell.engine.template.ToolSupport;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** What a real template writes for a call is read back as that call. */
class RoundTripTest {
    /** What templates write behind a call, where generation would have ended. */
    private static final List<String> ENDS = List.of(
            "<|im_end|>",
            "<|eot_id|>",
            "<|eom_id|>",
            "</s>",
            "<|call|>",
            "<|eot|>",
            "<|calls|>",
            "<turn|>",
            "<|tool_response>",
            "<|END_OF_TURN_TOKEN|>",
            "<|START_OF_TURN_TOKEN|>",
            "<|observation|>",
            "<｜end▁of▁sentence｜>",
            "<｜hy_eos:opensource｜>",
            "[e~[",
            "<|eom|>",
            "</assistant>",
            "\n<SPECIAL_12>",
            "\n<|end|>",
            "[q7zresult",
            "<|q7zend|>");

    @TestFactory
    Stream<DynamicTest> everyTemplateThatWritesCallsHasThemReadBack() {
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode entry : TestData.json("templates/INDEX.json").get("templates")) {
            String source = new String(
                    TestData.bytes("templates/" + entry.get("template").asString()), StandardCharsets.UTF_8);
            ChatTemplate template = ChatTemplate.compile(source);
            ToolSupport support = ToolSupport.of(template, source);
            String id = entry.get("id").asString();
            if (support.calls() && !ReplyFormats.of(source).equals(ReplyFormats.GENERIC)) {
                tests.add(DynamicTest.dynamicTest(
                        id + " one", () -> check(source, template, support, List.of(weather(source)))));
                tests.add(DynamicTest.dynamicTest(id + " two", () -> checkTwo(source, template, support)));
            }
        }
        assertThat(tests).hasSizeGreaterThan(60);
        return tests.stream();
    }

    private static ToolCall weather(String source) {
        Map<String, @Nullable Object> options = new LinkedHashMap<>();
        List<@Nullable Object> nested = new ArrayList<>(List.of(1L, 2.5, true));
        nested.add(null);
        options.put("nested", nested);
        options.put("s", "<a & b>'");
        Map<String, @Nullable Object> arguments = new LinkedHashMap<>();
        // LiquidAI's template puts quotation marks around a text as it is, so that one inside would end it.
        boolean quoting = !source.contains("\"<|tool_call_start|>[\"");
        arguments.put("city", quoting ? "Zürich \"Nord\", 8\ntwo lines" : "Zürich Nord");
        arguments.put("days", 2L);
        arguments.put("opts", options);
        return new ToolCall("functions.get_weather:0", "get_weather", arguments);
    }

    /** Templates that take one call at a time refuse two, or leave the second out. */
    private static void checkTwo(String source, ChatTemplate template, ToolSupport support) {
        Map<String, @Nullable Object> arguments = new LinkedHashMap<>();
        arguments.put("a", 1.5);
        arguments.put("b", -3L);
        List<ToolCall> two = List.of(
                fitting(source, weather(source), 1),
                fitting(source, new ToolCall("functions.add:1", "add", arguments), 2));
        String both;
        try {
            both = text(template, support, List.of(ChatMessage.user("?"), ChatMessage.assistant("", "", two)), false);
        } catch (EngineException refusal) {
            assertThat(refusal).hasMessageContaining("single");
            return;
        }
        // The Hermes 2 template opens the first of two calls only, so that what it writes is not what models are
        // trained on.
        boolean whole = !both.contains("</tool_call> { \"arguments\"");
        check(source, template, support, both.contains("-3") && whole ? two : two.subList(0, 1));
    }

    private static void check(String source, ChatTemplate template, ToolSupport support, List<ToolCall> calls) {
        List<ToolCall> named = new ArrayList<>();
        for (ToolCall call : calls) {
            named.add(fitting(source, call, named.size() + 1));
        }
        List<ChatMessage> messages = List.of(ChatMessage.user("Weather?"));
        String prompt = text(template, support, messages, true);
        List<ChatMessage> answered = new ArrayList<>(messages);
        answered.add(ChatMessage.assistant("", "", named));
        named.forEach(call -> answered.add(ChatMessage.toolResult(call, "q7zresult")));
        String whole = text(template, support, answered, false);

        String reply = reply(prompt, whole);
        ReplyShape shape = ReplyShape.of(source, false, Replies.TOOLS, promptEnd(prompt, whole), 0);
        for (List<String> pieces : List.of(List.of(reply), Replies.characters(reply))) {
            Replies.Whole read = Replies.read(shape, pieces);
            assertThat(read.calls()).as(reply).hasSize(calls.size());
            for (int i = 0; i < calls.size(); i++) {
                assertThat(read.calls().get(i).name()).isEqualTo(calls.get(i).name());
                assertThat(read.calls().get(i).arguments())
                        .as(reply)
                        .isEqualTo(calls.get(i).arguments());
            }
            assertThat(read.answer()).as(reply).isBlank();
            assertThat(read.thought()).as(reply).isBlank();
            assertThat(read.source()).isEqualTo(reply);
        }
    }

    private static ToolCall fitting(String source, ToolCall call, int count) {
        return new ToolCall(ReplyShape.fittingId(source, call, count), call.name(), call.arguments());
    }

    private static String text(
            ChatTemplate template, ToolSupport support, List<ChatMessage> messages, boolean generationPrompt) {
        return template
                .render(
                        messages,
                        support.shape(),
                        "<s>",
                        "<|q7zend|>",
                        generationPrompt,
                        ToolSupport.variables(template, Replies.TOOLS))
                .stream()
                .map(Fragment::text)
                .collect(Collectors.joining());
    }

    /** Where the two part; not inside of a marker. */
    private static int parting(String prompt, String whole) {
        int at = 0;
        while (at < Math.min(prompt.length(), whole.length()) && prompt.charAt(at) == whole.charAt(at)) {
            at++;
        }
        int marker = Math.max(whole.lastIndexOf('<', at - 1), whole.lastIndexOf('[', at - 1));
        return at < prompt.length()
                        && marker >= 0
                        && !whole.substring(marker, at).matches("(?s).*[>\\]].*")
                ? marker
                : at;
    }

    private static String promptEnd(String prompt, String whole) {
        return prompt.substring(0, Math.min(prompt.length(), parting(prompt, whole)));
    }

    private static String reply(String prompt, String whole) {
        int from = parting(prompt, whole);
        int to = whole.length();
        int lastCall = Math.max(from, Math.max(whole.lastIndexOf("<a & b>"), whole.lastIndexOf("-3")));
        for (String end : ENDS) {
            int found = whole.indexOf(end, lastCall);
            to = found >= 0 && found < to ? found : to;
        }
        // Command R's template asks for actions behind the user's message, so that the two part early.
        return whole.substring(from, to).replaceFirst("^<\\|CHATBOT_TOKEN\\|>", "");
    }
}
