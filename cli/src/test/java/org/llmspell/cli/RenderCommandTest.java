package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.cli.console.Screen;
import org.llmspell.gguf.GgufValue;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** Prompts on the command line, against what Python's jinja2 makes of the same conversations. */
class RenderCommandTest {
    private static final String HI = "[{\"role\":\"user\",\"content\":\"Hi <s>\"}]";

    @TempDir
    Path home;

    /** A file with a vocabulary of three tokens, a template, and no weights. */
    private Path model(String bos, String eos, String template) throws IOException {
        Path file = home.resolve("model.gguf");
        GgufWriter writer = new GgufWriter()
                .put("general.architecture", "llama")
                .put("tokenizer.ggml.model", "llama")
                .put("tokenizer.ggml.tokens", GgufValue.strings(List.of("<unk>", bos, eos)))
                .put("tokenizer.ggml.scores", GgufValue.floats(0, 0, 0))
                .put("tokenizer.ggml.token_type", GgufValue.ints(2, 3, 3))
                .put("tokenizer.ggml.bos_token_id", 1)
                .put("tokenizer.ggml.eos_token_id", 2);
        if (!template.isEmpty()) {
            writer.put("tokenizer.chat_template", template);
        }
        writer.write(file);
        return file;
    }

    private Shell shell() {
        return new Shell(home);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "llama.cpp-2026-08__Apertus-8B-Instruct.jinja",
                "huggingface.js-e2e__NousResearch_Hermes-2-Pro-Llama-3-8B_JSON_Schema_.jinja",
                "huggingface.js-e2e__TheBloke_Mistral-7B-Instruct-v0.1-GPTQ.jinja",
                "huggingface.js-e2e__Qwen_Qwen3.5-4B.jinja",
            })
    void theWholeConversationReachesTheTemplate(String name) throws IOException {
        JsonNode golden = TestData.json("templates/" + name + ".golden.json");
        JsonNode conversations = TestData.json("templates/conversations.json");
        JsonNode specials = golden.get("special_tokens");
        Path model = model(
                specials.path("bos_token").asString(""),
                specials.path("eos_token").asString(""),
                Files.readString(TestData.path("templates/" + name)));
        int compared = 0;
        for (JsonNode example : golden.get("cases")) {
            Path messages = Files.writeString(
                    home.resolve("messages.json"),
                    conversations.get(example.get("case").asString()).toString());
            Shell.Outcome outcome =
                    shell().run("render", model.toString(), messages.toString(), "--now", "2026-01-15T10:30:45");
            if (example.has("expected")) {
                assertThat(outcome.out()).isEqualTo(example.get("expected").asString());
                compared++;
            } else {
                assertThat(outcome.error()).startsWith("Error: " + model + ": the model's chat template ");
                assertThat(outcome.code()).isEqualTo(1);
            }
        }
        assertThat(compared).isPositive();
    }

    @Test
    void aListOfMessagesFromStandardInputIsEnough() throws IOException {
        Path model = model("<s>", "</s>", "{{ bos_token }}{% for m in messages %}[{{ m.content }}]{% endfor %}");

        assertThat(shell().typing(HI).run("render", model.toString(), "-").out())
                .isEqualTo("<s>[Hi <s>]");
        assertThat(shell().typing(HI)
                        .with(new Screen(true, true, 80, false))
                        .run("render", model.toString(), "-")
                        .out())
                .isEqualTo("<s>[Hi <s>]\n");
    }

    @Test
    void jsonTellsTheTemplatesWordsFromTheUsers() throws IOException {
        Path model = model("<s>", "</s>", "{{ bos_token }}{{ messages[0].content }}");

        assertThat(shell().typing(HI)
                        .run("render", model.toString(), "-", "--output", "json")
                        .out())
                .isEqualTo("{\"prompt\":\"<s>Hi <s>\",\"fragments\":[{\"text\":\"<s>\",\"from_template\":true},"
                        + "{\"text\":\"Hi <s>\",\"from_template\":false}]}\n");
    }

    @Test
    void withoutATemplateTheTextIsGivenAsItIs() throws IOException {
        Path model = model("<s>", "</s>", "");

        Shell.Outcome outcome = shell().typing(
                        "[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"system\",\"content\":\"Be brief.\"}]")
                .run("render", model.toString(), "-");

        assertThat(outcome.out()).isEqualTo("Be brief.\nHi");
        assertThat(outcome.err()).contains("no chat template");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nonsense | Standard input is no JSON",
                "{} | Standard input holds no list of messages",
                "[1] | Standard input holds no list of messages",
                "{\"messages\":\"x\"} | Standard input holds no list of messages",
            })
    void whatIsNoConversationIsRefused(String text, String message) throws IOException {
        Shell.Outcome outcome =
                shell().typing(text).run("render", model("<s>", "</s>", "x").toString(), "-");

        assertThat(outcome.error()).isEqualTo("Error: " + message);
        assertThat(outcome.err()).contains("\"role\": \"user\"");
        assertThat(outcome.code()).isEqualTo(1);
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        assertThat(shell().run("render", model("<s>", "</s>", "x").toString(), "nope.json")
                        .err())
                .isEqualTo("Error: No such file: nope.json\n");
    }

    @Test
    void aTemplateThatRefusesSaysWhy() throws IOException {
        Path model = model("<s>", "</s>", "{{ raise_exception('roles must alternate') }}");

        assertThat(shell().typing(HI).run("render", model.toString(), "-").error())
                .isEqualTo("Error: " + model
                        + ": the model's chat template refused the conversation: roles must alternate");
    }
}
