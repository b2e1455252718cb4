package org.llmspell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.llmspell.engine.reply.ReplyPart;
import org.llmspell.engine.reply.ReplyReader;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** Conversations with tools and thinking in real chat templates, and in templates that know nothing of either. */
class ToolPromptsTest {
    private static final ToolDefinition WEATHER = new ToolDefinition(
            "get_weather",
            "The weather in a city.",
            Map.of(
                    "type",
                    "object",
                    "properties",
                    Map.of("city", Map.of("type", "string", "description", "Its name")),
                    "required",
                    List.of("city")));
    private static final ToolCall CALL = new ToolCall("call_7f", "get_weather", Map.of("city", "Q7Zürich"));
    private static final List<ChatMessage> CONVERSATION = List.of(
            ChatMessage.system("Be brief."),
            ChatMessage.user("Weather?"),
            ChatMessage.assistant("", "I look it up.", List.of(CALL)),
            ChatMessage.toolResult(CALL, "q7zsunny"));

    private static final String PLAIN =
            "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant]";
    private static final String ALTERNATING =
            "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
                    + "{{ raise_exception('roles must alternate') }}{% endif %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant]";

    private static ChatPrompt prompt(String template, ChatInput input) {
        return ChatPrompts.of(new CharacterTokenizer(), template).prompt(input);
    }

    private static ChatInput input(List<ChatMessage> messages, Thinking thinking) {
        return new ChatInput(messages, List.of(WEATHER), thinking, false);
    }

    private static String template(String file) {
        return new String(TestData.bytes("templates/" + file), StandardCharsets.UTF_8);
    }

    @Test
    void aReplyWithAFormBeginsWithItsAnswerWhateverTheTemplateHasOpened() {
        ChatInput input = ChatInput.of(List.of(ChatMessage.user("Who?")), false);
        CharacterTokenizer tokenizer = new CharacterTokenizer();

        ChatPrompt thinking = prompt(PLAIN + "<think>\n{# </think> #}", input);
        ChatPrompt answer = thinking.answerOnly(tokenizer);
        assertThat(thinking.reader().next("{}")).noneMatch(part -> part instanceof ReplyPart.Answer);
        assertThat(answer.text()).isEqualTo(thinking.text() + "</think>\n\n");
        assertThat(answer.tokens()).isEqualTo(tokenizer.encode(answer.text(), false, true));
        assertThat(answer.reader().next("{}")).containsExactly(new ReplyPart.Answer("{}"));
        assertThat(answer.markers()).isEmpty();

        assertThat(prompt(PLAIN, input).answerOnly(tokenizer).text())
                .isEqualTo(prompt(PLAIN, input).text());
        assertThat(prompt(PLAIN + "<|channel|>analysis<|message|>{# <|start|> #}", input)
                        .answerOnly(tokenizer)
                        .text())
                .endsWith("<|channel|>final<|message|>");
    }

    /** By the template itself or for it: a description, a call and its result reach the model, and its answer is read. */
    @TestFactory
    Stream<DynamicTest> everyRealTemplateCarriesAConversationWithTools() {
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode entry : TestData.json("templates/INDEX.json").get("templates")) {
            String source = template(entry.get("template").asString());
            String id = entry.get("id").asString();
            // The one fails in Python as well, the other shows a classifier the last message alone.
            if (id.endsWith("MiroThinker.jinja") || id.contains("Llama-Guard")) {
                continue;
            }
            tests.add(DynamicTest.dynamicTest(id, () -> {
                ChatPrompt prompt = prompt(source, input(CONVERSATION, Thinking.DEFAULT));
                assertThat(prompt.text())
                        .contains("The weather in a city.")
                        .contains("Q7Zürich")
                        .contains("q7zsunny");
                ReplyReader reader = prompt.reader();
                List<ReplyPart> parts = new ArrayList<>(reader.next("Sunny."));
                parts.addAll(reader.finish());
                assertThat(parts).extracting(ReplyPart::source).containsExactly("Sunny.");
            }));
        }
        assertThat(tests).hasSizeGreaterThan(50);
        return tests.stream();
    }

    @Test
    void aTemplateWithoutToolsHasThemDescribedInTheSystemPrompt() {
        ChatPrompt prompt = prompt(PLAIN, input(CONVERSATION, Thinking.DEFAULT));
        assertThat(prompt.text())
                .startsWith("[system] Be brief.\n\nYou can use these tools")
                .contains("{\"name\": \"get_weather\", \"description\": \"The weather in a city.\", \"parameters\": {")
                .endsWith("""
                        [user] Weather?
                        [assistant] <tool_call>
                        {"name": "get_weather", "arguments": {"city": "Q7Zürich"}}
                        </tool_call>
                        [user] <tool_response>
                        {"name": "get_weather", "content": "q7zsunny"}
                        </tool_response>
                        [assistant]""");
        List<ReplyPart> parts = prompt.reader().next("<tool_call>{\"name\": \"get_weather\"}</tool_call>");
        assertThat(parts)
                .singleElement()
                .isEqualTo(new ReplyPart.Calls(
                        List.of(new ToolCall("call00002", "get_weather", Map.of())),
                        "<tool_call>{\"name\": \"get_weather\"}</tool_call>"));
    }

    @Test
    void aTemplateThatRefusesSystemPromptsHasTheToolsInTheFirstMessage() {
        String text = prompt(ALTERNATING, input(CONVERSATION, Thinking.DEFAULT)).text();
        assertThat(text)
                .startsWith("[user] Be brief.\n\nYou can use these tools")
                .contains("\n\nWeather?\n[assistant] <tool_call>");
    }

    @Test
    void withoutATemplateTheToolsAreDescribedAsWell() {
        assertThat(prompt("", input(CONVERSATION, Thinking.DEFAULT)).text())
                .startsWith("Be brief.\n\nYou can use these tools")
                .contains("Q7Zürich")
                .contains("q7zsunny");
    }

    @Test
    void theFamilyIsToldByTheTemplatesText() {
        Map<String, String> families = Map.of(
                "llama.cpp-2026-08__Qwen-Qwen3-0.6B.jinja", "hermes",
                "huggingface.js-e2e__Qwen_Qwen3.5-4B.jinja", "qwen3-coder",
                "huggingface.js-e2e__meta-llama_Llama-3.2-11B-Vision-Instruct.jinja", "llama3",
                "llama.cpp-2026-08__mistralai-Mistral-Nemo-Instruct-2407.jinja", "mistral",
                "llama.cpp-2026-08__openai-gpt-oss-120b.jinja", "gpt-oss",
                "onnxruntime-extensions-2026-07__gemma-4.jinja", "gemma4",
                "onnxruntime-extensions-2026-07__gemma-3.jinja", "generic",
                "onnxruntime-extensions-2026-07__phi-4.jinja", "phi4",
                "huggingface.js-e2e__deepseek-ai_DeepSeek-R1.jinja", "deepseek");
        families.forEach((file, family) -> assertThat(prompt(template(file), input(CONVERSATION, Thinking.DEFAULT))
                        .shape()
                        .family())
                .isEqualTo(family));
    }

    @Test
    void rawTextTakesNoTools() {
        assertThatThrownBy(() -> prompt(PLAIN, new ChatInput(CONVERSATION, List.of(WEATHER), Thinking.DEFAULT, true)))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("Raw text takes no tools");
    }

    @Test
    void idsAreWhatTheTemplateTakes() {
        assertThat(prompt(
                                template("llama.cpp-2026-08__mistralai-Mistral-Nemo-Instruct-2407.jinja"),
                                input(CONVERSATION, Thinking.DEFAULT))
                        .text())
                .contains("\"id\": \"call00001\"")
                .contains("\"call_id\": \"call00001\"");
        assertThat(prompt(
                                template("huggingface.js-e2e__moonshotai_Kimi-K2-Thinking.jinja"),
                                input(CONVERSATION, Thinking.DEFAULT))
                        .text())
                .contains("functions.get_weather:0");
    }

    @Test
    void thinkingIsTurnedOnAndOffWhereTheTemplateCan() {
        List<ChatMessage> chat = List.of(ChatMessage.user("1+1?"));
        String qwen = template("llama.cpp-2026-08__Qwen-Qwen3-0.6B.jinja");
        assertThat(prompt(qwen, new ChatInput(chat, List.of(), Thinking.OFF, false))
                        .text())
                .endsWith("<think>\n\n</think>\n\n");
        assertThat(prompt(qwen, new ChatInput(chat, List.of(), Thinking.ON, false))
                        .text())
                .doesNotContain("<think>");
        String gptOss = template("llama.cpp-2026-08__openai-gpt-oss-120b.jinja");
        assertThat(prompt(gptOss, new ChatInput(chat, List.of(), Thinking.HIGH, false))
                        .text())
                .contains("Reasoning: high");
        assertThat(prompt(gptOss, new ChatInput(chat, List.of(), Thinking.OFF, false))
                        .text())
                .contains("Reasoning: low");
        String deepSeek = template("llama.cpp-2026-08__deepseek-ai-DeepSeek-V4.jinja");
        assertThat(prompt(deepSeek, new ChatInput(chat, List.of(), Thinking.ON, false))
                        .text())
                .endsWith("<think>");
    }

    @Test
    void whatWasThoughtGoesBackWhereTheTemplateWantsIt() {
        String gptOss = template("llama.cpp-2026-08__openai-gpt-oss-120b.jinja");
        assertThat(prompt(gptOss, input(CONVERSATION, Thinking.DEFAULT)).text())
                .contains("<|channel|>analysis<|message|>I look it up.<|end|>");
        assertThat(prompt(PLAIN, input(CONVERSATION, Thinking.DEFAULT)).text()).doesNotContain("I look it up.");
    }

    @Test
    void aThoughtThatTheTemplateOpensIsReadAsOneAndTheUsersTextIsNot() {
        String opening = PLAIN + "<think>\n";
        ReplyPart part = prompt(opening, ChatInput.of(List.of(ChatMessage.user("hi")), false))
                .reader()
                .next("Hm.")
                .getFirst();
        assertThat(part).isEqualTo(new ReplyPart.Thought("Hm."));
        String bare = "{% for m in messages %}{{ m.content }}{% endfor %}";
        part = prompt(bare, ChatInput.of(List.of(ChatMessage.user("<think>")), false))
                .reader()
                .next("Hm.")
                .getFirst();
        assertThat(part).isEqualTo(new ReplyPart.Answer("Hm."));
    }
}
