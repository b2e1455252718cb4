package org.llmspell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.llmspell.engine.EngineException.Problem;

class ChatPromptsTest extends EngineTestBase {
    private static final List<ChatMessage> CHAT = List.of(ChatMessage.system("be kind"), ChatMessage.user("hi</s>"));

    private static final String TEMPLATE =
            "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}"
                    + "{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";

    private Engine engine;

    @BeforeEach
    void start() {
        engine = engine(OPTIONS);
    }

    @AfterEach
    void stop() {
        engine.close();
    }

    private ModelLease model(String template) throws InterruptedException {
        TinyModel tiny = new TinyModel(1);
        if (!template.isEmpty()) {
            tiny.template(template);
        }
        return engine.open(tiny.write(folder.resolve("chat.gguf")), null);
    }

    private static long count(int[] tokens, int token) {
        return Arrays.stream(tokens).filter(t -> t == token).count();
    }

    @Test
    void theModelsOwnTemplateMakesThePrompt() throws InterruptedException {
        try (ModelLease model = model(TEMPLATE)) {
            assertThat(model.prompt(CHAT, false)).isEqualTo("<s>system: be kind</s>user: hi</s></s>assistant:");
        }
    }

    @Test
    void specialTokensOfTheTemplateAreTokensAndThoseInAMessageAreText() throws InterruptedException {
        try (ModelLease model = model(TEMPLATE)) {
            int[] tokens = model.promptTokens(CHAT, false);
            assertThat(tokens[0]).isEqualTo(TinyModel.BOS);
            assertThat(count(tokens, TinyModel.BOS)).as("not doubled").isEqualTo(1);
            assertThat(count(tokens, TinyModel.EOS))
                    .as("one after each message")
                    .isEqualTo(2);
            assertThat(model.tokenizer().decode(tokens, false)).contains("hi</s>");
        }
    }

    @Test
    void aTemplateWithoutBosGetsItAllTheSame() throws InterruptedException {
        try (ModelLease model = model("{{ messages[-1].content }}")) {
            int[] tokens = model.promptTokens(CHAT, false);
            assertThat(tokens[0]).isEqualTo(TinyModel.BOS);
            assertThat(count(tokens, TinyModel.BOS)).isEqualTo(1);
        }
    }

    @Test
    void withoutATemplateTheTextGoesAsItIsSystemPromptFirst() throws InterruptedException {
        try (ModelLease model = model("")) {
            assertThat(model.prompt(List.of(ChatMessage.user("once")), false)).isEqualTo("once");
            assertThat(model.prompt(List.of(ChatMessage.user("once"), ChatMessage.system("be kind")), false))
                    .isEqualTo("be kind\nonce");
            assertThat(count(model.promptTokens(CHAT, false), TinyModel.EOS)).isZero();
        }
    }

    @Test
    void rawTextPassesTheTemplateByAndItsSpecialTokensCount() throws InterruptedException {
        try (ModelLease model = model(TEMPLATE)) {
            assertThat(model.prompt(CHAT, true)).isEqualTo("be kind\nhi</s>");
            assertThat(count(model.promptTokens(CHAT, true), TinyModel.EOS)).isEqualTo(1);
        }
    }

    @Test
    void whereTheTemplateRefusesASystemPromptItJoinsTheFirstUserMessage() throws InterruptedException {
        String strict = "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
                + "{% for m in messages %}{{ m.role }}: {{ m.content }}|{% endfor %}";
        try (ModelLease model = model(strict)) {
            assertThat(model.prompt(
                            List.of(
                                    ChatMessage.system("be kind"),
                                    ChatMessage.user("hi"),
                                    ChatMessage.assistant("hello"),
                                    ChatMessage.user("bye")),
                            false))
                    .isEqualTo("user: be kind\n\nhi|assistant: hello|user: bye|");
            assertThatThrownBy(() -> model.prompt(List.of(ChatMessage.system("alone")), false))
                    .hasMessageContaining("no system role");
        }
    }

    @Test
    void aRefusedConversationAndABrokenTemplateSaySo() throws InterruptedException {
        try (ModelLease model = model("{{ raise_exception('roles must alternate') }}")) {
            assertThatThrownBy(() -> model.prompt(CHAT, false))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.TEMPLATE_FAILED))
                    .hasMessageContaining("roles must alternate");
        }
        try (ModelLease model =
                engine.open(new TinyModel(1).template("{% if %}").write(folder.resolve("broken.gguf")), null)) {
            assertThatThrownBy(() -> model.prompt(CHAT, false))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.TEMPLATE_FAILED));
            assertThat(model.prompt(CHAT, true)).isNotEmpty();
        }
    }
}
