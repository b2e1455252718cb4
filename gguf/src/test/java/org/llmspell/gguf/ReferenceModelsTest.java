package org.llmspell.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llmspell.testing.TestData;

/** Real files of the reference data, against what other programs know of them. */
class ReferenceModelsTest {
    private static final String STORIES = "models/stories260K/";

    /** Sizes of the published vocabularies. */
    @ParameterizedTest
    @CsvSource({"bert-bge, 30522", "deepseek-llm, 102400", "gpt-2, 50257", "llama-spm, 32000", "qwen2, 151936"})
    void aVocabularyOpensWithItsPublishedSizeAndLittleMemory(String name, int tokens) throws Exception {
        Path path = TestData.path("tokenizers/" + name + "/vocab.gguf");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        try (GgufFile file = GgufFile.open(path)) {
            // The index of the strings: four bytes for each token and each merge.
            assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(3 << 20);
            List<String> strings =
                    file.metadata().strings("tokenizer.ggml.tokens").orElseThrow();
            assertThat(strings).hasSize(tokens).doesNotContainNull();
            assertThat(file.metadata().ints("tokenizer.ggml.token_type").orElseThrow())
                    .hasSize(tokens);
            assertThat(file.tensors()).isEmpty();
        }
    }

    @Test
    void theLlamaVocabularyHasItsWellKnownTokens() throws Exception {
        try (GgufFile file = GgufFile.open(TestData.path("tokenizers/llama-spm/vocab.gguf"))) {
            List<String> tokens =
                    file.metadata().strings("tokenizer.ggml.tokens").orElseThrow();
            assertThat(tokens.subList(0, 4)).containsExactly("<unk>", "<s>", "</s>", "<0x00>");
            assertThat(tokens.get(258)).isEqualTo("<0xFF>");
            assertThat(tokens.indexOf("▁the")).isEqualTo(278);
            assertThat(file.metadata().floats("tokenizer.ggml.scores").orElseThrow()[278])
                    .isEqualTo(-19f);
        }
    }

    /** llama2.c's own file of the same model: a header of seven int32, then the embedding in float32, row by row. */
    @Test
    void theWeightsOfStories260KAreThoseOfItsOriginalFile() throws Exception {
        ByteBuffer original =
                ByteBuffer.wrap(TestData.bytes(STORIES + "stories260K.bin")).order(ByteOrder.LITTLE_ENDIAN);
        try (GgufFile file = GgufFile.open(TestData.path(STORIES + "stories260K-f32.gguf"))) {
            GgufMetadata metadata = file.metadata();
            assertThat(metadata.string("general.architecture")).hasValue("llama");
            assertThat(metadata.intValue("llama.embedding_length")).hasValue(original.getInt(0));
            assertThat(metadata.intValue("llama.feed_forward_length")).hasValue(original.getInt(4));
            assertThat(metadata.intValue("llama.block_count")).hasValue(original.getInt(8));
            TensorInfo embedding = file.tensor("token_embd.weight").orElseThrow();
            assertThat(embedding.shape()).containsExactly(64L, 512L);
            assertThat(embedding.columns()).isEqualTo(64);
            assertThat(embedding.rows()).isEqualTo(512);
            byte[] expected = Arrays.copyOfRange(original.array(), 28, 28 + 64 * 512 * 4);
            assertThat(embedding.data().toArray(JAVA_BYTE)).isEqualTo(expected);
        }
    }

    @Test
    void everyFormatOfStories260KHasTheSameTensors() throws Exception {
        for (String format : List.of("f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "mxfp4")) {
            try (GgufFile file = GgufFile.open(TestData.path(STORIES + "stories260K-" + format + ".gguf"))) {
                assertThat(file.version()).isEqualTo(3);
                assertThat(file.tensors()).as(format).hasSize(48);
                assertThat(file.metadata().values()).hasSize(24);
                assertThat(file.tensor("blk.4.ffn_gate.weight").orElseThrow().format())
                        .hasToString(format.toUpperCase(Locale.ROOT));
            }
        }
    }

    @Test
    void everyRandomModelOpensWithALayerOfTensorsForEachBlock() throws Exception {
        try (Stream<Path> models = Files.list(TestData.path("models/tiny_random"))) {
            List<Path> files =
                    models.filter(path -> path.toString().endsWith(".gguf")).toList();
            assertThat(files).isNotEmpty();
            for (Path path : files) {
                try (GgufFile file = GgufFile.open(path)) {
                    String architecture =
                            file.metadata().string("general.architecture").orElseThrow();
                    int blocks = file.metadata()
                            .intValue(architecture + ".block_count")
                            .orElseThrow();
                    assertThat(file.tensor("blk." + (blocks - 1) + ".attn_norm.weight"))
                            .as("%s", path)
                            .isPresent();
                    assertThat(file.tensor("blk." + blocks + ".attn_norm.weight"))
                            .isEmpty();
                    MalformedFilesTest.readEverything(file);
                }
            }
        }
    }

    @Test
    void aSplitModelOpenedByAnyPartIsTheWholeModel() throws Exception {
        try (GgufFile whole = GgufFile.open(TestData.path(STORIES + "stories260K-f32.gguf"))) {
            for (int part = 1; part <= 3; part++) {
                Path path = TestData.path("models/split/stories260K-f32-0000" + part + "-of-00003.gguf");
                try (GgufFile split = GgufFile.open(path)) {
                    assertThat(split.files()).hasSize(3);
                    assertThat(split.fileBytes()).isEqualTo(489_760 + 348_256 + 348_000);
                    assertThat(split.metadata().strings("tokenizer.ggml.tokens"))
                            .hasValueSatisfying(tokens -> assertThat(tokens).hasSize(512));
                    assertThat(split.tensors()).hasSize(48);
                    for (TensorInfo tensor : whole.tensors()) {
                        TensorInfo same = split.tensor(tensor.name()).orElseThrow();
                        assertThat(same.shape()).isEqualTo(tensor.shape());
                        assertThat(same.data().mismatch(tensor.data())).isEqualTo(-1);
                    }
                }
            }
        }
    }
}
