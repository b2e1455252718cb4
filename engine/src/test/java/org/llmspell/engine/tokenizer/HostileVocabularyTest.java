package org.llmspell.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.llmspell.engine.EngineException;
import org.llmspell.gguf.GgufFile;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** The broken files whose fault is in the vocabulary: refused with the words their manifest asks for, or usable. */
class HostileVocabularyTest {
    /** Against hangs only. */
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final Set<String> REFUSED = Set.of(
            "m_unknown_tokenizer_model",
            "m_tokens_empty",
            "m_tokens_are_ints",
            "m_scores_u8",
            "m_scores_nan",
            "m_byte_token_bad_hex",
            "m_bos_id_out_of_range",
            "m_unknown_id_out_of_range",
            "m_eos_id_string",
            "m_bpe_incomplete_byte_alphabet",
            "m_bpe_merge_three_parts",
            "m_bpe_merges_missing");
    private static final Set<String> ACCEPTED =
            Set.of("m_token_type_u8", "m_tokens_invalid_utf8", "m_token_1MiB", "m_bos_id_minus1", "valid_base");

    @TestFactory
    Stream<DynamicTest> isRefusedInOneLineOrUsable() {
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode entry : TestData.json("malformed-gguf/manifest.json").get("cases")) {
            String path = entry.get("file").asString();
            String name = path.substring(path.lastIndexOf('/') + 1).replace(".gguf", "");
            List<String> words = new ArrayList<>();
            entry.get("error_should_mention_any_of").forEach(word -> words.add(word.asString()));
            if (REFUSED.contains(name)) {
                assertThat(entry.get("expect_load").asString()).isNotEqualTo("accept");
                tests.add(DynamicTest.dynamicTest(
                        name, () -> assertTimeoutPreemptively(LIMIT, () -> refuses(path, words))));
            } else if (ACCEPTED.contains(name)) {
                assertThat(entry.get("expect_load").asString()).isNotEqualTo("reject");
                tests.add(DynamicTest.dynamicTest(name, () -> assertTimeoutPreemptively(LIMIT, () -> reads(path))));
            }
        }
        assertThat(tests).hasSize(REFUSED.size() + ACCEPTED.size());
        return tests.stream();
    }

    private static void refuses(String path, List<String> words) throws Exception {
        try (GgufFile file = GgufFile.open(TestData.path("malformed-gguf/" + path))) {
            assertThatThrownBy(() -> Tokenizers.from(file.metadata()))
                    .isInstanceOf(EngineException.class)
                    .hasMessageNotContaining("\n")
                    .message()
                    .satisfies(message -> assertThat(
                                    words.isEmpty() || words.stream().anyMatch(message::contains))
                            .as(message)
                            .isTrue());
        }
    }

    private static void reads(String path) throws Exception {
        Path file = TestData.path("malformed-gguf/" + path);
        try (GgufFile gguf = GgufFile.open(file)) {
            Tokenizer tokenizer = Tokenizers.from(gguf.metadata());
            String text = "Once upon a time é🦙\n".repeat(3);
            // One of the files has no token ▁, which is then written as bytes and stays what it is.
            String decoded = tokenizer.decode(tokenizer.encode(text, true, true), false);
            assertThat(decoded.replace('▁', ' ')).isEqualTo(text);
        }
    }
}
