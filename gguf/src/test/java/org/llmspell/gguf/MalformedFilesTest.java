package org.llmspell.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

/** Every hostile file of the reference data, with the verdict that its manifest demands of a strict reader. */
@Timeout(60)
class MalformedFilesTest {
    private static final String FOLDER = "malformed-gguf/";

    // Beyond the file's own size: classes loaded on the way, the 64 KiB window, messages.
    private static final long ALLOCATION_BOUND = 2 << 20;

    @TestFactory
    Stream<DynamicTest> everyCaseGetsItsVerdict() {
        return TestData.json(FOLDER + "manifest.json")
                .get("cases")
                .valueStream()
                .map(c -> DynamicTest.dynamicTest(c.get("file").asString(), () -> verdict(c)));
    }

    private static void verdict(JsonNode expected) throws Exception {
        Path path = TestData.path(FOLDER + expected.get("file").asString());
        String verdict = expected.get("expect_parse").asString();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        try (GgufFile file = GgufFile.openPart(path)) {
            readEverything(file);
            assertThat(verdict).as("accepted").isNotEqualTo("reject");
        } catch (GgufException e) {
            assertThat(verdict).as("refused: %s", e.getMessage()).isNotEqualTo("accept");
            assertThat(e.getMessage()).startsWith(path + ": ").doesNotContain("\n", "\r");
            assertThat(e.getMessage().length() - path.toString().length()).isLessThan(400);
            JsonNode words = expected.get("error_should_mention_any_of");
            if (!words.isEmpty()) {
                String problem =
                        e.getMessage().substring(path.toString().length()).toLowerCase(Locale.ROOT);
                assertThat(words.valueStream().map(w -> w.asString().toLowerCase(Locale.ROOT)))
                        .as(problem)
                        .anyMatch(problem::contains);
            }
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before)
                .isLessThan(ALLOCATION_BOUND + 2 * expected.get("bytes").asLong());
    }

    /** Decodes all values and touches the first and last byte of all tensors. */
    static void readEverything(GgufFile file) {
        file.metadata().values().values().forEach(MalformedFilesTest::decode);
        for (TensorInfo tensor : file.tensors()) {
            assertThat(tensor.format().bytes(tensor.elements())).isEqualTo(tensor.byteSize());
            tensor.data().get(ValueLayout.JAVA_BYTE, 0);
            tensor.data().get(ValueLayout.JAVA_BYTE, tensor.byteSize() - 1);
        }
    }

    private static void decode(GgufValue value) {
        switch (value) {
            case GgufArray array -> {
                for (int i = 0; i < array.size(); i++) {
                    if (array.elementType() == GgufType.ARRAY) {
                        decode(array.get(i));
                    }
                }
                assertThat(array.toString()).startsWith("[");
            }
            case GgufString string -> assertThat(string.text()).isNotNull();
            case GgufValue.IntegerValue number -> assertThat(number.toString()).isNotEmpty();
            case GgufValue.FloatValue number -> assertThat(number.toString()).isNotEmpty();
            case GgufValue.BoolValue truth -> assertThat(truth.toString()).isNotEmpty();
        }
    }

    @Test
    void aPrefixOfAModelIsRefusedUntilItsLastTensorIsComplete() throws Exception {
        JsonNode manifest = TestData.json(FOLDER + "manifest.json");
        long complete =
                manifest.get("section_marks_of_base").get("last_tensor_end").asLong();
        long dataStart = manifest.get("section_marks_of_base").get("data_start").asLong();
        MemorySegment whole = MemorySegment.ofArray(TestData.bytes(FOLDER + "files/valid_base.gguf"));
        for (JsonNode entry : manifest.get("truncation_sweep").get("lengths")) {
            long length = entry.asLong();
            MemorySegment prefix = whole.asSlice(0, length);
            if (length >= complete) {
                GgufFile.of("prefix", prefix).close();
                continue;
            }
            GgufException refused =
                    Assertions.assertThrows(GgufException.class, () -> GgufFile.of("prefix", prefix), "" + length);
            if (length >= dataStart) {
                assertThat(refused).hasMessageContaining((complete - length) + " are missing");
            }
        }
    }

    @Test
    void aSplitCountThatCannotBeIsRefusedWhenPartsAreJoined() {
        Path path = TestData.path(FOLDER + "files/m_split_count_lie.gguf");
        assertThatThrownBy(() -> GgufFile.open(path))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("split.no is 5, split.count is 2");
    }

    @Test
    void invalidUtf8InAStringIsReplacedInTheTextAndKeptInTheBytes() throws Exception {
        try (GgufFile file = GgufFile.open(TestData.path(FOLDER + "files/valid_string_invalid_utf8.gguf"))) {
            assertThat(file.metadata().string("general.name")).hasValue("bad\uFFFD\uFFFD\uFFFD\uFFFDname");
            GgufString name = (GgufString) file.metadata().get("general.name").orElseThrow();
            assertThat(name.bytes()).isEqualTo(new byte[] {
                'b', 'a', 'd', (byte) 0xFF, (byte) 0xFE, (byte) 0xC0, (byte) 0x80, 'n', 'a', 'm', 'e'
            });
        }
    }
}
