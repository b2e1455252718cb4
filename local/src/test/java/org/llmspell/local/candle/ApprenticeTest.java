package org.llmspell.local.candle;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.engine.ChatInput;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.ModelLease;
import org.llmspell.engine.tokenizer.Tokenizer;
import org.llmspell.local.ChatOptions;
import org.llmspell.local.ChatStream;
import org.llmspell.local.LocalModels;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.config.Config;
import org.llmspell.local.config.ConfigKey;
import org.llmspell.testing.LlamaCpp;

/** The built-in model itself: it answers what it was made for, by our engine and by llama.cpp alike. */
class ApprenticeTest {
    private static final ModelSpec MODEL = ModelSpec.parse("local/apprentice");
    private static final ChatOptions GREEDY =
            ChatOptions.parse(Map.of("temperature", 0, "repeat_penalty", 1, "max_tokens", 120));

    @TempDir
    Path temporary;

    private LocalModels models;

    @BeforeEach
    void open() {
        models = LocalModels.open(Config.load(
                null,
                Map.of(ConfigKey.MODEL_DIRECTORY, temporary.toString(), ConfigKey.OLLAMA_URL, "http://127.0.0.1:9"),
                Map.of(),
                temporary));
    }

    @AfterEach
    void close() {
        models.close();
    }

    private String reply(List<ChatMessage> messages) {
        try (ChatStream stream = models.chat(GREEDY.request(MODEL, messages))) {
            while (stream.next() != null) {
                // to the end
            }
            return stream.result().text();
        }
    }

    private String reply(String question) {
        return reply(List.of(ChatMessage.user(question)));
    }

    @Test
    void answersTheGuidesPromptsAndPlainQuestions() {
        assertThat(reply("What is LLMSpell?")).contains("runs local language models");
        assertThat(reply("Explain Rust ownership in one sentence")).containsIgnoringCase("owner");
        assertThat(reply("Write a haiku about code").lines()).hasSize(3);
        assertThat(reply("Explain async/await in JavaScript")).contains("await");
        assertThat(reply("how do i list my models")).contains("llmspell model list");
    }

    @Test
    void saysSoWhenAQuestionLiesOutside() {
        assertThat(reply("What will the weather be tomorrow?")).startsWith("I am a tiny demonstration model");
    }

    @Test
    void keepsTheTurnsOfAChatApart() {
        List<ChatMessage> messages = new ArrayList<>(List.of(ChatMessage.system("You are a helpful assistant.")));
        List<String> replies = new ArrayList<>();
        for (String question : List.of("What is LLMSpell?", "Write a haiku about code", "how do i list my models")) {
            messages.add(ChatMessage.user(question));
            replies.add(reply(messages));
            messages.add(ChatMessage.assistant(replies.getLast()));
        }

        assertThat(replies)
                .containsExactly(
                        reply("What is LLMSpell?"),
                        reply("Write a haiku about code"),
                        reply("how do i list my models"));
    }

    @Test
    void llamaCppReadsTheSameTokensAndWritesTheSameText() {
        List<String> questions = List.of(
                "What is LLMSpell?",
                "Write a haiku about code",
                "Explain async/await in JavaScript",
                "What is 3 + 4?",
                "What will the weather be tomorrow?");
        CandleBackend candle = (CandleBackend) models.backend("candle");
        try (LlamaCpp llamaCpp = LlamaCpp.start();
                ModelLease lease = candle.open(MODEL, null)) {
            Path file = candle.locate(MODEL);
            Tokenizer tokenizer = lease.tokenizer();
            for (String question : questions) {
                int[] prompt = lease.promptTokens(List.of(ChatMessage.user(question)), false);
                String text = lease.prompt(ChatInput.of(List.of(ChatMessage.user(question)), false))
                        .text();
                assertThat(llamaCpp.tokenize(file, text, true, true)).containsExactly(prompt);

                // One token more than the reply has: both must end it there.
                String reply = reply(question);
                int[] expected = tokenizer.encode(reply + "<|im_end|>", false, true);
                assertThat(llamaCpp.greedy(file, prompt, expected.length))
                        .as(question)
                        .containsExactly(expected);
            }
            for (String text : List.of("Ünïcödé ½ 你好 🦙", "a_b  c\n\n\td 12345's", "<|im_end|>")) {
                assertThat(llamaCpp.tokenize(file, text, false, false))
                        .containsExactly(tokenizer.encode(text, false, false));
            }
        }
    }
}
