package org.llmspell.local.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.TinyGguf;
import org.llmspell.testing.TestData;

class GgufFactsTest {
    @TempDir
    Path temporary;

    @Test
    void readsTheFactsFromTheFile() throws Exception {
        Path file = TinyGguf.write(temporary.resolve("x.gguf"));

        GgufFacts facts = GgufFacts.read(file);

        assertThat(facts.architecture()).isEqualTo("llama");
        assertThat(facts.quantization()).isEqualTo("Q4_K_M");
        assertThat(facts.parameterCount()).isEqualTo(128);
        assertThat(facts.contextLength()).isEqualTo(2048);
        assertThat(facts.sizeBytes()).isEqualTo(Files.size(file));
        assertThat(facts.tokenizer()).isEqualTo("llama");
        assertThat(facts.notLanguageModel()).isNull();
        assertThat(facts.details())
                .containsEntry("name", "Tiny Llama")
                .containsEntry("license", "apache-2.0")
                .containsEntry("tensors", "2")
                .containsEntry("chat_template", "no");
    }

    @Test
    void countsTheFormatsAndNamesThePooling() throws Exception {
        Path file =
                TinyGguf.write(temporary.resolve("x.gguf"), TinyGguf.writer(15).put("llama.pooling_type", 2));

        assertThat(GgufFacts.read(file).details())
                .containsEntry("pooling", "cls")
                .hasEntrySatisfying("formats", formats -> assertThat(formats).matches("\\d+ x \\w+(, \\d+ x \\w+)*"));
        assertThat(GgufFacts.read(TestData.path("models/tiny_random/llama-q4_k.gguf"))
                        .details())
                .hasEntrySatisfying("formats", formats -> assertThat(formats).contains(" x Q4_K", " x F32"))
                .doesNotContainKey("pooling");
    }

    @ParameterizedTest
    @CsvSource({"-1, Q8_0", "1039, Q8_0", "9999, Q8_0", "7, Q8_0", "0, F32", "18, Q6_K"})
    void takesTheCommonestFormatWhereTheFileTypeSaysNothing(int fileType, String quantization) {
        Path file = TinyGguf.write(temporary.resolve("x.gguf"), TinyGguf.writer(fileType));

        assertThat(GgufFacts.read(file).quantization()).isEqualTo(quantization);
    }

    @Test
    void escapesWhatWouldDisturbATerminal() {
        Path file =
                TinyGguf.write(temporary.resolve("x.gguf"), TinyGguf.writer(15).put("general.name", "a\u001b[2J\nb"));

        assertThat(GgufFacts.read(file).name()).isEqualTo("a\\u001b[2J\\u000ab");
    }

    /** Figures from the model's card: karpathy/tinyllamas, stories260K. */
    @Test
    void readsTheReferenceModel() {
        GgufFacts facts = GgufFacts.read(TestData.path("models/stories260K/stories260K-f32-tied.gguf"));

        assertThat(facts.parameterCount()).isBetween(259_000L, 262_000L);
        assertThat(facts.architecture()).isEqualTo("llama");
        assertThat(facts.quantization()).isEqualTo("F32");
    }

    @Test
    void refusesEveryHostileFileInOneLine() {
        int refused = 0;
        for (var entry : TestData.json("malformed-gguf/manifest.json").get("cases")) {
            if (!entry.get("expect_parse").asString().equals("reject")) {
                continue;
            }
            Path file = TestData.path("malformed-gguf/" + entry.get("file").asString());
            assertThatThrownBy(() -> GgufFacts.read(file))
                    .as(file.toString())
                    .isInstanceOf(LocalModelException.class)
                    .message()
                    .doesNotContain("\n");
            refused++;
        }
        assertThat(refused).isPositive();
    }
}
