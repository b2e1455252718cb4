package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.llmspell.testing.FakeOllama;
import tools.jackson.databind.JsonNode;

/** The guide on an Ollama server that says back what it was asked, and tells what it was sent. */
@Timeout(120)
class GuideOnOllamaTest extends GuideOnServer {
    private final FakeOllama ollama = fake(0);

    private static FakeOllama fake(int port) {
        return new FakeOllama(port).with("llama3.1:8b", 4_920_753_328L);
    }

    @Override
    String server() {
        return ollama.url();
    }

    @Override
    String reply(String prompt) {
        return Pattern.quote("You said: " + prompt + " 🦙");
    }

    @Override
    long modelBytes() {
        return 4_920_753_328L;
    }

    @Override
    Runnable serveAt(int port) {
        return fake(port)::close;
    }

    @AfterEach
    void close() {
        ollama.close();
    }

    @Test
    void pulledModelsAreNamedAsTheyWereAskedFor() {
        shell().run("model", "pull", "mistral:7b@ollama");

        assertThat(ollama.models()).containsExactlyInAnyOrder("llama3.1:8b", "mistral:7b");
    }

    @Test
    void theChatLoopSendsTheWholeConversation() throws IOException {
        shell().typing("hello\nand again\nexit\n")
                .run("run", script("while true do").toString());

        JsonNode messages = ollama.bodies("/api/chat").getLast().path("messages");
        assertThat(messages.valueStream()
                        .map(message -> message.path("content").asString())
                        .toList())
                .isEqualTo(List.of("You are a helpful coding assistant.", "hello", "You said: hello 🦙", "and again"));
    }

    @Test
    void ctrlCInTheChatLoopLeavesNoRequestOnTheServer() throws Exception {
        ollama.play(FakeOllama.Mood.ENDLESS);
        Shell shell = shell().typing("hello\nexit\n")
                .watchedBy(keyboard -> Thread.ofVirtual().start(() -> {
                    try {
                        while (ollama.running() == 0) {
                            Thread.sleep(5);
                        }
                        keyboard.cancel();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }));

        Shell.Outcome outcome = shell.run("run", script("while true do").toString());

        assertThat(outcome.code()).isEqualTo(130);
        assertThat(outcome.err()).isEmpty();
        assertThat(ollama.bodies("/api/chat")).hasSize(1);
        assertThat(ollama.becomesIdle()).isTrue();
    }
}
