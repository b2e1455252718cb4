package org.llmspell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.tokenizer.Tokenizers;
import org.llmspell.gguf.GgufFile;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

class HostileModelsTest extends EngineTestBase {
    private static Engine engine;

    @BeforeAll
    static void start() {
        engine = engine(new EngineOptions(1, java.time.Duration.ZERO, 1, null));
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    static Stream<String> cases() {
        JsonNode cases = TestData.json("malformed-gguf/manifest.json").get("cases");
        return StreamSupport.stream(cases.spliterator(), false)
                .map(c -> c.get("file").asString());
    }

    private static JsonNode description(String file) {
        for (JsonNode c : TestData.json("malformed-gguf/manifest.json").get("cases")) {
            if (c.get("file").asString().equals(file)) {
                return c;
            }
        }
        throw new IllegalArgumentException(file);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void brokenFilesAreRefusedInOneLineAndSoundOnesRun(String file) throws InterruptedException {
        JsonNode expected = description(file);
        String verdict = expected.get("expect_load").asString();
        try (ModelLease model = engine.open(TestData.path("malformed-gguf/" + file), null)) {
            assertThat(verdict).isNotEqualTo("reject");
            prompts(model);
            runs(model, verdict);
        } catch (EngineException refusal) {
            assertThat(verdict).as(refusal.getMessage()).isNotEqualTo("accept");
            checkMessage(refusal, expected.get("error_should_mention_any_of"));
        }
    }

    /** A hostile template may refuse, but only in one line. */
    private static void prompts(ModelLease model) {
        try {
            assertThat(model.prompt(List.of(ChatMessage.user("Hi")), false)).hasSizeLessThan(10_000_000);
        } catch (EngineException refusal) {
            assertThat(refusal.problem()).isEqualTo(Problem.TEMPLATE_FAILED);
            assertThat(refusal.getMessage()).doesNotContain("\n").hasSizeLessThan(1000);
        }
    }

    /** Generates; only a file that may be refused may fail at this point, and only by saying what is wrong. */
    private static void runs(ModelLease model, String verdict) throws InterruptedException {
        int[] prompt = model.promptTokens(List.of(ChatMessage.user("Once upon a time")), true);
        try (Generation generation = model.generate(prompt, Options.greedy(5), null)) {
            read(generation);
            assertThat(generation.summary().promptTokens()).isEqualTo(prompt.length);
        } catch (EngineException failure) {
            assertThat(verdict).as(failure.getMessage()).isEqualTo("either");
        }
    }

    private static void checkMessage(EngineException refusal, JsonNode mentions) {
        String message = String.valueOf(refusal.getMessage());
        assertThat(message).doesNotContain("\n").hasSizeLessThan(600);
        if (!mentions.isEmpty()) {
            String[] words = StreamSupport.stream(mentions.spliterator(), false)
                    .map(word -> word.asString().toLowerCase(Locale.ROOT))
                    .toArray(String[]::new);
            assertThat(Arrays.stream(words).anyMatch(message.toLowerCase(Locale.ROOT)::contains))
                    .as("%s mentions one of %s", message, Arrays.toString(words))
                    .isTrue();
        }
    }

    @Test
    void aTruncatedModelIsRefusedAtEveryLength() throws IOException {
        byte[] whole = TestData.bytes("malformed-gguf/files/valid_base.gguf");
        for (JsonNode length : TestData.json("malformed-gguf/manifest.json")
                .get("truncation_sweep")
                .get("lengths")) {
            if (length.asInt() < 106256) {
                Path file = folder.resolve("truncated.gguf");
                Files.write(file, Arrays.copyOf(whole, length.asInt()));
                assertThatThrownBy(() -> engine.open(file, null))
                        .isInstanceOfSatisfying(
                                EngineException.class,
                                e -> assertThat(e.problem()).isEqualTo(Problem.BROKEN_MODEL));
            }
        }
    }

    @Test
    void aFileThatIsNoLanguageModelSaysWhatItIs() {
        assertThatThrownBy(() -> engine.open(TestData.path("models/other/mmproj-tinygemma3.gguf"), null))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.UNSUPPORTED_MODEL))
                .hasMessageContaining("no language model")
                .hasMessageContaining("clip");
    }

    @Test
    void anUnsupportedArchitectureIsNamedWithThoseThatRun() throws IOException {
        Path file = folder.resolve("frob.gguf");
        new GgufWriter()
                .put("general.architecture", "frobnicate")
                .tensor("x", org.llmspell.gguf.BlockFormat.F32, List.of(1L), new byte[4])
                .write(file);
        assertThatThrownBy(() -> engine.open(file, null))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.UNSUPPORTED_MODEL))
                .hasMessageContaining("frobnicate")
                .hasMessageContaining("llama");
    }

    @Test
    void aVocabularyWithoutWeightsIsNoModelButTokenizes() throws IOException {
        Path file = TestData.path("tokenizers/llama-spm/vocab.gguf");
        assertThatThrownBy(() -> engine.open(file, null))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.problem()).isEqualTo(Problem.UNSUPPORTED_MODEL))
                .hasMessageContaining("no weights");
        try (GgufFile gguf = GgufFile.open(file)) {
            assertThat(Tokenizers.from(gguf.metadata()).encode("Hello", false, false))
                    .isNotEmpty();
        }
    }

    @Test
    void aMissingFileSaysSo() {
        assertThatThrownBy(() -> engine.open(folder.resolve("none.gguf"), null))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("none.gguf");
    }
}
